using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>A packet taken out of its row; its buffers are used again.</summary>
internal sealed class PacketCopy
{
    private byte[] _bytes = new byte[2048];
    private int _hostEnd;
    private int _interfaceEnd;
    private int _processEnd;
    private int _dataEnd;

    public uint NetworkNamespace { get; private set; }

    public ulong Flow { get; private set; }

    /// <summary>The column's time.</summary>
    public long Microseconds { get; private set; }

    /// <summary>The event's time.</summary>
    public long Time { get; private set; }

    public byte Direction { get; private set; }

    public uint OriginalLength { get; private set; }

    public uint Pid { get; private set; }

    public ushort LocalPort { get; private set; }

    /// <summary>Place among packets of one microsecond.</summary>
    public int Order { get; private set; }

    public ReadOnlySpan<byte> Host => _bytes.AsSpan(0, _hostEnd);

    public ReadOnlySpan<byte> Interface => _bytes.AsSpan(_hostEnd, _interfaceEnd - _hostEnd);

    public ReadOnlySpan<byte> Process => _bytes.AsSpan(_interfaceEnd, _processEnd - _interfaceEnd);

    public ReadOnlySpan<byte> Data => _bytes.AsSpan(_processEnd, _dataEnd - _processEnd);

    public void Take(IRowReader rows, int order)
    {
        Order = order;
        NetworkNamespace = (uint)rows.Number(PacketColumns.NetworkNamespace);
        Flow = rows.Number(PacketColumns.Flow);
        Microseconds = rows.Time(PacketColumns.Time);
        Time = RebuiltEvent.WallClock(rows.Bytes(PacketColumns.Event), Microseconds);
        Direction = (byte)rows.Number(PacketColumns.Direction);
        OriginalLength = (uint)rows.Number(PacketColumns.OriginalLength);
        Pid = (uint)rows.Number(PacketColumns.Pid);
        LocalPort = (ushort)rows.Number(PacketColumns.LocalPort);
        _hostEnd = Add(0, rows.Bytes(PacketColumns.Host));
        _interfaceEnd = Add(_hostEnd, rows.Bytes(PacketColumns.Interface));
        _processEnd = Add(_interfaceEnd, rows.Bytes(PacketColumns.Process));
        _dataEnd = Add(_processEnd, rows.Bytes(PacketColumns.Data));
    }

    private int Add(int at, ReadOnlySpan<byte> value)
    {
        if (_bytes.Length - at < value.Length)
        {
            Array.Resize(ref _bytes, Math.Max(at + value.Length, 2 * _bytes.Length));
        }

        value.CopyTo(_bytes.AsSpan(at));
        return at + value.Length;
    }
}
