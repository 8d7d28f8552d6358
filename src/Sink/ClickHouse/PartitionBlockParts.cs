using System.Buffers.Binary;
using ECapture.Events;
using ECapture.Sink.Delivery;
using ECapture.Storage.Tables;

namespace ECapture.Sink.ClickHouse;

/// <summary>The rows of a <see cref="PartitionBlock"/>, made blocks again from their events.</summary>
internal sealed class PartitionBlockParts(PartitionBlock block, Batch batch, TimeProvider clock) : IBlockParts
{
    private readonly IReadOnlyList<BlockRow> _rows = block.Native.ReadRows();
    private readonly PartitionId _partition = batch.Partition;

    public int Count => _rows.Count;

    public long OffsetOf(int row) => _rows[row].LogOffset;

    public Block Part(int first, int count)
    {
        PartitionBlock part = new(block.Native.Table, BufferPool.None) { Span = block.Span };
        for (int i = first; i < first + count; i++)
        {
            byte[] encoded = _rows[i].Encoded;
            EventReader.TryRead(encoded, out EventFields fields);
            part.Native.Append(new EventRow(encoded, ref fields, _partition.Partition, _rows[i].LogOffset));
            part.Tally.Add(new StreamKey(BinaryPrimitives.ReadUInt128BigEndian(fields.Run.Of(encoded)), fields.Partition), fields.Sequence);
        }

        return part;
    }

    public Block Refusal(int row, string error)
    {
        EventReader.TryRead(_rows[row].Encoded, out EventFields fields);
        DeadLetter letter = new(_partition.Topic, _partition.Partition, _rows[row].LogOffset, DeadLetterKind.Refused, error, fields.WallNs);
        return new DeadLetterBlock(_partition.Log, [new DeadRecord(letter, _rows[row].Encoded)], clock, isRefusal: true);
    }
}
