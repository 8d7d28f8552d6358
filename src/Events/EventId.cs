using System.Globalization;

namespace ECapture.Events;

/// <summary>
/// The identity of an event: agent run, topic, partition of the agent's local log and sequence.
/// Text form: <c>RUN/topic/partition/sequence</c>, the run as a UUID.
/// </summary>
public readonly record struct EventId(Guid Run, string Topic, int Partition, ulong Sequence)
{
    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Run:D}/{Topic}/{Partition}/{Sequence}");

    /// <summary>Reads the text form.</summary>
    public static bool TryParse(string? text, out EventId id)
    {
        id = default;
        string[]? parts = text?.Split('/');
        if (parts is not { Length: 4 }
            || !Guid.TryParseExact(parts[0], "D", out Guid run)
            || parts[1].Length == 0
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int partition)
            || !ulong.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out ulong sequence))
        {
            return false;
        }

        id = new EventId(run, parts[1], partition, sequence);
        return true;
    }
}
