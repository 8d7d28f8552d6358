namespace ECapture.Log.Local;

/// <summary>The memory of one delivery, used again for the next: blocks are copied out of SQLite once, records are slices.</summary>
internal sealed class ReadBatch(int targetBytes)
{
    private const int MaxRecords = 64 * 1024;

    private byte[] _bytes = new byte[64 * 1024];
    private LogRecord[] _records = new LogRecord[1024];
    private int _length;
    private int _count;

    public bool IsFull => _length >= targetBytes || _count >= MaxRecords;

    public ReadOnlyMemory<LogRecord> Records => _records.AsMemory(0, _count);

    public void Clear()
    {
        _length = 0;
        _count = 0;
    }

    /// <summary>Adds the records of a block from an offset on.</summary>
    /// <returns>False when the bytes are not those of a block; the batch is then useless.</returns>
    public bool TryAdd(long first, long records, ReadOnlySpan<byte> data, long from)
    {
        // Two bytes are the least that a record takes: the count cannot ask for more memory than the block deserves.
        if (records <= 0 || records > data.Length / 2)
        {
            return false;
        }

        Memory<byte> block = Append(data);
        int skip = (int)Math.Max(0, from - first);
        Reserve((int)records - skip);
        int at = 0;
        for (int i = 0; i < records; i++)
        {
            if (!Block.TryRead(block, ref at, out ReadOnlyMemory<byte> key, out ReadOnlyMemory<byte> value))
            {
                return false;
            }

            if (i >= skip)
            {
                _records[_count++] = new LogRecord(first + i, key, value);
            }
        }

        return at == data.Length;
    }

    private Memory<byte> Append(ReadOnlySpan<byte> data)
    {
        if (_length + data.Length > _bytes.Length)
        {
            // Records already in the batch keep the old array alive.
            _bytes = new byte[Math.Max(data.Length, targetBytes + Block.TargetBytes + Block.MaxOverhead)];
            _length = 0;
        }

        data.CopyTo(_bytes.AsSpan(_length));
        Memory<byte> block = _bytes.AsMemory(_length, data.Length);
        _length += data.Length;
        return block;
    }

    private void Reserve(int more)
    {
        if (_count + more > _records.Length)
        {
            Array.Resize(ref _records, Math.Max(_count + more, _records.Length * 2));
        }
    }
}
