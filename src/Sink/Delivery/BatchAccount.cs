namespace ECapture.Sink.Delivery;

/// <summary>
/// What was read of a batch and what became of it, by the hour of the events (docs/architecture.md, "Accounts"). It depends on nothing but the records, so a
/// batch that is run again has the same account.
/// </summary>
public sealed class BatchAccount
{
    /// <summary>Most hours of one account: somebody who repeats stored events under other times gets no row for each.</summary>
    public const int MaxHours = 1000;

    private const ulong NanosecondsPerHour = 3_600_000_000_000;

    // After an unclean end the local log leaves out this many offsets, of which no record was ever given out.
    private const long Jump = 1L << 32;

    private readonly Dictionary<uint, HourAccount> _hours = [];
    private HourAccount? _last;

    /// <summary>The hours, rising.</summary>
    public IEnumerable<HourAccount> Hours => _hours.Values.OrderBy(hour => hour.Hour);

    /// <summary>How many hours.</summary>
    public int Count => _hours.Count;

    /// <summary>The hour of a time.</summary>
    /// <param name="wallNs">Nanoseconds of the epoch.</param>
    public static uint HourOf(ulong wallNs) => (uint)(wallNs / NanosecondsPerHour);

    /// <summary>Counts an event that makes a row.</summary>
    public void AddEvent(ulong wallNs) => At(HourOf(wallNs)).Events++;

    /// <summary>Counts an event that was stored before.</summary>
    public void AddDuplicate(ulong wallNs) => At(HourOf(wallNs)).Duplicates++;

    /// <summary>Counts a dead letter; its time is not believed.</summary>
    public void AddDeadLetter() => At(0).DeadLetters++;

    /// <summary>Counts offsets that held no record.</summary>
    public void AddGap(long offsets)
    {
        if (offsets % Jump > 0)
        {
            At(0).Gap += offsets % Jump;
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _hours.Clear();
        _last = null;
    }

    private HourAccount At(uint hour)
    {
        if (_last is { } last && last.Hour == hour)
        {
            return last;
        }

        if (!_hours.TryGetValue(hour, out HourAccount? account))
        {
            if (_hours.Count >= MaxHours && hour != 0)
            {
                return At(0);
            }

            _hours.Add(hour, account = new HourAccount { Hour = hour });
        }

        return _last = account;
    }
}
