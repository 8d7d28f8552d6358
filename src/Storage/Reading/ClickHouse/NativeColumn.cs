using System.Buffers.Binary;

namespace ECapture.Storage.Reading.ClickHouse;

/// <summary>One column of a Native block. Its arrays are used again for the next block.</summary>
internal sealed class NativeColumn
{
    private const string LowCardinality = "LowCardinality(";
    private const ulong SharedDictionary = 0x100;
    private const ulong OwnDictionary = 0x200;

    private byte[] _values = [];
    private byte[] _nulls = [];
    private byte[] _indices = [];
    private int[] _ends = [];
    private int _width;
    private bool _isUuid;
    private bool _isSigned32;

    private bool _isNullable;
    private int _indexWidth;

    /// <summary>True when the column is still in the stream, read row by row: only the last one of texts can be.</summary>
    public bool IsStreamed { get; private set; }

    public async ValueTask LoadAsync(NativeInput input, string type, int rows, bool isLast, CancellationToken cancellationToken)
    {
        _isNullable = type.StartsWith("Nullable(", StringComparison.Ordinal);
        string inner = _isNullable ? type["Nullable(".Length..^1] : type;
        _width = Width(inner);
        _isUuid = inner == "UUID";
        _isSigned32 = inner == "Int32";
        IsStreamed = false;
        _indexWidth = 0;
        if (_isNullable)
        {
            Grow(ref _nulls, rows);
            await input.ReadExactlyAsync(_nulls.AsMemory(0, rows), cancellationToken).ConfigureAwait(false);
        }

        if (_width > 0)
        {
            Grow(ref _values, checked(rows * _width));
            await input.ReadExactlyAsync(_values.AsMemory(0, rows * _width), cancellationToken).ConfigureAwait(false);
        }
        else if (inner.StartsWith(LowCardinality, StringComparison.Ordinal))
        {
            await LoadDictionaryAsync(input, rows, cancellationToken).ConfigureAwait(false);
        }
        else if (isLast && !_isNullable)
        {
            IsStreamed = true;
        }
        else
        {
            await LoadTextsAsync(input, rows, cancellationToken).ConfigureAwait(false);
        }
    }

    public bool IsNull(int row) => _isNullable && _nulls[row] != 0;

    public ulong Number(int row)
    {
        ReadOnlySpan<byte> value = _values.AsSpan(row * _width);
        return _width switch
        {
            1 => value[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(value),
            4 when _isSigned32 => (ulong)BinaryPrimitives.ReadInt32LittleEndian(value),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(value),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(value),
        };
    }

    /// <summary>Two little-endian halves, the high one first.</summary>
    public Guid Uuid(int row)
    {
        if (!_isUuid)
        {
            throw new InvalidOperationException("the column is no UUID");
        }

        Span<byte> bytes = stackalloc byte[16];
        ReadOnlySpan<byte> value = _values.AsSpan(row * 16, 16);
        BinaryPrimitives.WriteUInt64BigEndian(bytes, BinaryPrimitives.ReadUInt64LittleEndian(value));
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], BinaryPrimitives.ReadUInt64LittleEndian(value[8..]));
        return new Guid(bytes, bigEndian: true);
    }

    public ReadOnlySpan<byte> Bytes(int row)
    {
        row = _indexWidth switch
        {
            0 => row,
            1 => _indices[row],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(_indices.AsSpan(2 * row)),
            _ => BinaryPrimitives.ReadInt32LittleEndian(_indices.AsSpan(4 * row)),
        };
        int start = row == 0 ? 0 : _ends[row - 1];
        return _values.AsSpan(start, _ends[row] - start);
    }

    /// <summary>A dictionary of the block and an index per row, as ClickHouse's SerializationLowCardinality writes them.</summary>
    private async ValueTask LoadDictionaryAsync(NativeInput input, int rows, CancellationToken cancellationToken)
    {
        ulong version = await input.ReadUInt64Async(cancellationToken).ConfigureAwait(false);
        ulong flags = await input.ReadUInt64Async(cancellationToken).ConfigureAwait(false);
        ulong keys = await input.ReadUInt64Async(cancellationToken).ConfigureAwait(false);
        int width = 1 << (int)(flags & 0xFF);
        if (version != 1 || (flags & OwnDictionary) == 0 || (flags & SharedDictionary) != 0 || width > 4 || keys > (ulong)rows + 2)
        {
            throw new StoreException("ClickHouse answered with a dictionary in a form that this version does not read", isTransient: false);
        }

        await LoadTextsAsync(input, (int)keys, cancellationToken).ConfigureAwait(false);
        ulong indices = await input.ReadUInt64Async(cancellationToken).ConfigureAwait(false);
        if (indices != (ulong)rows)
        {
            throw new StoreException("ClickHouse answered with a dictionary that has not an index for each row", isTransient: false);
        }

        Grow(ref _indices, rows * width);
        await input.ReadExactlyAsync(_indices.AsMemory(0, rows * width), cancellationToken).ConfigureAwait(false);
        _indexWidth = width;
    }

    private async ValueTask LoadTextsAsync(NativeInput input, int rows, CancellationToken cancellationToken)
    {
        Grow(ref _ends, rows);
        int at = 0;
        for (int row = 0; row < rows; row++)
        {
            int start, length;
            while (!input.TryReadText(out start, out length))
            {
                await input.FillAsync(cancellationToken).ConfigureAwait(false);
            }

            if (_values.Length - at < length)
            {
                Array.Resize(ref _values, checked((int)Math.Max(at + (long)length, 2L * _values.Length)));
            }

            input.Span(start, length).CopyTo(_values.AsSpan(at));
            at += length;
            _ends[row] = at;
        }
    }

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = new T[length];
        }
    }

    private static int Width(string type) => type switch
    {
        "String" or LowCardinality + "String)" => 0,
        "UInt8" or "Int8" => 1,
        "UInt16" or "Int16" => 2,
        "UInt32" or "Int32" or "DateTime" => 4,
        "UInt64" or "Int64" => 8,
        "UUID" => 16,
        _ when type.StartsWith("DateTime64(9", StringComparison.Ordinal) => 8,
        _ when type.StartsWith("DateTime('", StringComparison.Ordinal) => 4,
        _ => throw new StoreException($"ClickHouse answered with a column of type {type}, which this version does not read", isTransient: false),
    };
}
