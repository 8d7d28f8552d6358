using ECapture.Events;

namespace ECapture.Storage.Tables;

/// <summary>An event on its way into a table.</summary>
/// <param name="bytes">Its encoding.</param>
/// <param name="fields">What <see cref="EventReader"/> found in it.</param>
/// <param name="logPartition">Where the sink read it: the partition of the log,</param>
/// <param name="logOffset">and the offset.</param>
public readonly ref struct EventRow(ReadOnlySpan<byte> bytes, ref readonly EventFields fields, int logPartition, long logOffset)
{
    /// <summary>The encoding.</summary>
    public readonly ReadOnlySpan<byte> Bytes = bytes;

    /// <summary>The fields.</summary>
    public readonly ref readonly EventFields Fields = ref fields;

    /// <summary>Partition of the log it was read from.</summary>
    public readonly int LogPartition = logPartition;

    /// <summary>Offset in that partition.</summary>
    public readonly long LogOffset = logOffset;
}
