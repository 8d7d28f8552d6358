namespace ECapture.Storage.Reading.Reads;

/// <summary>
/// The spans of time that a search asks for one after the other, so that the store sorts little at a time: they grow while they are
/// found empty and shrink when they hold more than a page.
/// </summary>
internal sealed class SearchWindow
{
    private const long Hour = 3_600_000_000_000;
    private const long Smallest = 1_000_000;
    private const long Everything = 400 * 24 * Hour;

    private readonly EventOrder _order;
    private readonly long _first;
    private readonly long _last;
    private long _length = Hour;
    private long _done;

    /// <param name="order">Which end comes first.</param>
    /// <param name="from">Inclusive.</param>
    /// <param name="to">Exclusive.</param>
    /// <param name="now">Where the newest events are.</param>
    public SearchWindow(EventOrder order, long? from, long? to, long now)
    {
        _order = order;
        _first = from ?? long.MinValue;
        _last = to ?? long.MaxValue;
        // Without a bound the first span is open on its side; from now on it is the near end that counts.
        _done = order == EventOrder.Newest ? Math.Min(_last, now) : _first;
        Current = order == EventOrder.Newest
            ? new TimeRange(Math.Max(_first, Back(_done)), _last)
            : new TimeRange(_first, from is null ? _last : Math.Min(_last, Forward(_done)));
        IsLast = order == EventOrder.Newest ? Current.From <= _first : Current.To >= _last;
    }

    /// <summary>All of it at once: for what indexes find without a time.</summary>
    public SearchWindow(EventOrder order, long? from, long? to)
        : this(order, from, to, now: 0)
    {
        Current = new TimeRange(_first, _last);
        IsLast = true;
    }

    public TimeRange Current { get; private set; }

    /// <summary>True when nothing lies beyond <see cref="Current"/>.</summary>
    public bool IsLast { get; private set; }

    /// <summary>Goes on within the current span from the last event of a full page.</summary>
    public void Continue(long time)
    {
        if (_order == EventOrder.Newest)
        {
            _length = Math.Max(Smallest, Math.Min(_length, (Math.Min(Current.To, _done) - time) * 2));
            Current = Current with { To = time == long.MaxValue ? time : time + 1 };
        }
        else
        {
            _length = Math.Max(Smallest, Math.Min(_length, (time - Math.Max(Current.From, 0)) * 2));
            Current = Current with { From = time };
        }
    }

    /// <summary>Goes to the next span after one that was read to its end.</summary>
    /// <param name="wasSparse">True when it held less than a page.</param>
    public void Advance(bool wasSparse)
    {
        if (wasSparse)
        {
            _length = _length > Everything ? long.MaxValue : _length * 4;
        }

        if (_order == EventOrder.Newest)
        {
            _done = Current.From;
            Current = new TimeRange(Math.Max(_first, Back(_done)), _done);
            IsLast = Current.From <= _first;
        }
        else
        {
            _done = Current.To;
            Current = new TimeRange(_done, Math.Min(_last, Forward(_done)));
            IsLast = Current.To >= _last;
        }
    }

    private long Back(long time) => _length > Everything || time < long.MinValue + _length ? long.MinValue : time - _length;

    private long Forward(long time) => _length > Everything || time > long.MaxValue - _length ? long.MaxValue : time + _length;
}
