using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ECapture.Sink.DeadLetters;

/// <summary>Names a dead letter: where its record is in which log. Text form: <c>topic/partition/offset@log</c>.</summary>
/// <param name="Topic">Short name.</param>
/// <param name="Partition">Partition of the log.</param>
/// <param name="Offset">Offset in it.</param>
/// <param name="Log">The log's id; null: any, as long as only one has it.</param>
public sealed record DeadLetterId(string Topic, int Partition, long Offset, string? Log)
{
    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Topic}/{Partition}/{Offset}{(string.IsNullOrEmpty(Log) ? "" : "@" + Log)}");

    /// <summary>Reads the text form; <c>@log</c> may be left out.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DeadLetterId? id)
    {
        ArgumentNullException.ThrowIfNull(text);
        int at = text.IndexOf('@', StringComparison.Ordinal);
        string[] place = (at < 0 ? text : text[..at]).Split('/');
        id = place is [{ Length: > 0 } topic, string partition, string offset]
            && int.TryParse(partition, NumberStyles.None, CultureInfo.InvariantCulture, out int partitionNumber)
            && long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out long offsetNumber)
            ? new DeadLetterId(topic, partitionNumber, offsetNumber, at < 0 ? null : text[(at + 1)..])
            : null;
        return id is not null;
    }
}
