using ECapture.Events;
using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>A packet taken out of its row and its event; its buffers are used again.</summary>
internal sealed class PacketCopy
{
    private byte[] _bytes = new byte[2048]; // the event, then the host as its column has it
    private EventFields _fields;
    private int _length;
    private int _hostEnd;

    /// <summary>The column's time.</summary>
    public long Microseconds { get; private set; }

    /// <summary>The event's time.</summary>
    public long Time { get; private set; }

    /// <summary>Place among packets of one microsecond.</summary>
    public int Order { get; private set; }

    public uint NetworkNamespace => _fields.NetworkNamespace;

    public ulong Flow => _fields.FlowId;

    public byte Direction => (byte)_fields.Payload.Direction;

    public uint OriginalLength => _fields.Payload.OriginalLength;

    public uint Pid => _fields.Pid;

    public ushort LocalPort => (ushort)_fields.LocalPort;

    public ReadOnlySpan<byte> Event => _bytes.AsSpan(0, _length);

    public ReadOnlySpan<byte> Host => _bytes.AsSpan(_length, _hostEnd - _length);

    public ReadOnlySpan<byte> Interface => _fields.Payload.Interface.Of(_bytes);

    public ReadOnlySpan<byte> Process => _fields.ProcessName.Of(_bytes);

    public ReadOnlySpan<byte> Data => _fields.Payload.Main.Of(_bytes);

    /// <exception cref="StoreException">The row holds no event.</exception>
    public void Take(IRowReader rows, int order)
    {
        ReadOnlySpan<byte> host = rows.Bytes(EventColumns.Host);
        ReadOnlySpan<byte> envelope = rows.Bytes(EventColumns.Event);
        ReadOnlySpan<byte> payload = rows.Bytes(EventColumns.Data);
        _length = envelope.Length + payload.Length;
        _hostEnd = _length + host.Length;
        if (_bytes.Length < _hostEnd)
        {
            _bytes = new byte[Math.Max(_hostEnd, 2 * _bytes.Length)];
        }

        RebuiltEvent.Encode(envelope, payload, rows.Number(EventColumns.DataAt), _bytes);
        host.CopyTo(_bytes.AsSpan(_length));
        if (!EventReader.TryRead(Event, out _fields))
        {
            throw RebuiltEvent.IsNone();
        }

        Order = order;
        Microseconds = rows.Time(EventColumns.Time);
        // The column is cut to microseconds; where they are of two times, the column's is the one that was searched.
        Time = (long)_fields.WallNs - Microseconds is >= 0 and < 1000 ? (long)_fields.WallNs : Microseconds;
    }
}
