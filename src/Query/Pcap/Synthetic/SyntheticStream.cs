using ECapture.Pcapng;

namespace ECapture.Query.Pcap.Synthetic;

/// <summary>One TCP stream made of plaintext: its numbers, and its frames as they go into the file.</summary>
internal sealed class SyntheticStream
{
    private const int LongestSegment = 32_000;

    private readonly PcapngWriter _writer;
    private readonly int _interface;
    private readonly SyntheticEnds _ends;
    private readonly byte[] _frame;
    private readonly uint _pid;
    private readonly string _comment;
    private readonly (byte[] FromClient, byte[] FromServer) _options;
    private ulong _fromClient; // highest byte of each direction so far
    private ulong _fromServer;
    private bool _isClosed;

    /// <param name="writer">Where the frames go.</param>
    /// <param name="interface">The interface that says that they are made.</param>
    /// <param name="ends">Who speaks with whom.</param>
    /// <param name="isLocalClient">The process that was captured is the client.</param>
    /// <param name="pid">That process.</param>
    /// <param name="comment">Comment of every frame.</param>
    /// <param name="frame">Room for a frame, shared by streams.</param>
    public SyntheticStream(PcapngWriter writer, int @interface, SyntheticEnds ends, bool isLocalClient, uint pid, string comment, byte[] frame)
    {
        _writer = writer;
        _interface = @interface;
        _ends = ends;
        _frame = frame;
        IsLocalClient = isLocalClient;
        _pid = pid;
        _comment = comment;
        _options = (Options(true, comment), Options(false, comment));
    }

    /// <summary>Room that a frame needs.</summary>
    public static int FrameLength => IpTcpFrame.LongestHeaders + LongestSegment;

    public bool IsLocalClient { get; }

    /// <summary>Frames so far.</summary>
    public long Frames { get; private set; }

    /// <summary>The data that a direction has had: what comes next without a gap stands there.</summary>
    public ulong Position(bool fromClient) => fromClient ? _fromClient : _fromServer;

    /// <summary>The handshake.</summary>
    public void Open(long time)
    {
        Write(time, true, (0, 0), TcpFlags.Syn, [], 0);
        Write(time, false, (0, 1), TcpFlags.Syn | TcpFlags.Ack, [], 0);
        Write(time, true, (1, 1), TcpFlags.Ack, [], 0);
    }

    /// <summary>Data of one direction.</summary>
    /// <param name="time">When.</param>
    /// <param name="fromClient">Which direction.</param>
    /// <param name="position">Bytes of the direction before it.</param>
    /// <param name="data">What is known of it.</param>
    /// <param name="length">How long it was: what is not known is cut off the last frame, and missing where it does not fit there.</param>
    /// <param name="remark">Stands in the comments of its frames; null: nothing more than in the others.</param>
    public void Data(long time, bool fromClient, ulong position, ReadOnlySpan<byte> data, ulong length, string? remark = null)
    {
        byte[] options = remark is not null ? Options(fromClient, $"{_comment}; {remark}") : fromClient ? _options.FromClient : _options.FromServer;
        ulong end = position + length;
        while (length > 0)
        {
            int segment = (int)Math.Min(length, LongestSegment);
            int known = Math.Min(segment, data.Length);
            Write(time, fromClient, (1 + (uint)position, 1 + (uint)Position(!fromClient)), TcpFlags.Ack | TcpFlags.Push, data[..known], segment, options);
            if (known == data.Length && known < segment)
            {
                break;
            }

            data = data[known..];
            position += (uint)segment;
            length -= (uint)segment;
            if (data.IsEmpty)
            {
                break;
            }
        }

        if (fromClient)
        {
            _fromClient = Math.Max(_fromClient, end);
        }
        else
        {
            _fromServer = Math.Max(_fromServer, end);
        }
    }

    /// <summary>Both ends close.</summary>
    public void Close(long time)
    {
        if (!_isClosed)
        {
            _isClosed = true;
            (uint client, uint server) = (1 + (uint)_fromClient, 1 + (uint)_fromServer);
            Write(time, true, (client, server), TcpFlags.Fin | TcpFlags.Ack, [], 0);
            Write(time, false, (server, client + 1), TcpFlags.Fin | TcpFlags.Ack, [], 0);
            Write(time, true, (client + 1, server + 1), TcpFlags.Ack, [], 0);
        }
    }

    private byte[] Options(bool fromClient, string comment) =>
        PacketOptions.Encode(fromClient == IsLocalClient ? PacketDirection.Outbound : PacketDirection.Inbound, _pid, 0, comment);

    private void Write(long time, bool fromClient, (uint, uint) numbers, TcpFlags flags, ReadOnlySpan<byte> payload, int length, byte[]? options = null)
    {
        ((byte[], ushort) from, (byte[], ushort) to) = fromClient ? (_ends.Client, _ends.Server) : (_ends.Server, _ends.Client);
        int written = IpTcpFrame.Write(_frame, from, to, numbers, flags, payload, length);
        _writer.WritePacket(
            _interface, (ulong)time, _frame.AsSpan(0, written), (uint)(written - payload.Length + length),
            options ?? (fromClient ? _options.FromClient : _options.FromServer));
        Frames++;
    }
}
