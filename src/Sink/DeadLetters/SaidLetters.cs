using ECapture.Sink.Delivery;

namespace ECapture.Sink.DeadLetters;

/// <summary>
/// Tells which dead letters of a topic were met before, in memory that does not grow with them. The sinks of a store say the letters of a partition in the order of their offsets, and
/// when they say one again then all behind it, too: the last offset tells. Rows that a store refused come day by day, and two stores say the same letters at different times:
/// there the last 100,000 ids tell, so one that is said again later than that is met twice.
/// </summary>
internal sealed class SaidLetters(int remembered = SaidLetters.Remembered)
{
    private const int Remembered = 100_000;

    private readonly Dictionary<(PartitionId Partition, string Store), long> _last = [];
    private readonly HashSet<DeadLetterId> _recent = [];
    private readonly Queue<DeadLetterId> _order = [];

    /// <returns>False when the letter was met before.</returns>
    public bool Add(StoredDeadLetter letter, string store)
    {
        if (letter.Kind != DeadLetterKind.Refused)
        {
            (PartitionId, string) source = (new PartitionId(letter.Id.Log ?? "", letter.Id.Topic, letter.Id.Partition), store);
            if (_last.TryGetValue(source, out long last) && letter.Id.Offset <= last)
            {
                return false;
            }

            _last[source] = letter.Id.Offset;
        }

        if (!_recent.Add(letter.Id))
        {
            return false;
        }

        _order.Enqueue(letter.Id);
        if (_order.Count > remembered)
        {
            _recent.Remove(_order.Dequeue());
        }

        return true;
    }
}
