using System.Globalization;
using ECapture.Pcapng;
using ECapture.Terminal.Delivery;

namespace ECapture.Terminal.Pcap;

/// <summary>
/// A pcapng file in whole blocks, with the keys of its packets in front of them; each packet says its direction and process (Wireshark before 4.6 shows
/// process blocks as records without time, so there are none). Rotation puts it aside under a name with the time; the new one
/// stands alone: interfaces and the keys of packets that still wait are written again.
/// </summary>
internal sealed class LivePcapFile : IDisposable
{
    private const int MostOptions = 65_536;
    private const ulong KeysStay = 30_000_000_000; // longer than packets are held

    private readonly string _path;
    private readonly PcapOptions _options;
    private readonly Func<DateTime> _now;
    private readonly List<PcapngInterface> _interfaces = [];
    private readonly Queue<(ulong BootNs, string Label, byte[] Random, byte[] Secret)> _recent = [];
    private readonly Dictionary<(PacketOwner?, uint), byte[]> _packetOptions = [];
    private Stream _stream;
    private PcapngWriter _writer;
    private TlsKeyLog _keys;
    private DateTime _begun;

    private LivePcapFile(string path, Stream stream, PcapOptions options, Func<DateTime> now)
    {
        _path = path;
        _options = options;
        _now = now;
        _stream = stream;
        Begin();
    }

    /// <summary>Opens a new file, in place of what is there; <c>-</c> is standard output.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    internal static LivePcapFile Open(string path, PcapOptions options, Func<DateTime>? now = null) =>
        new(path, path == "-" ? Console.OpenStandardOutput() : OpenStream(path), options, now ?? (() => DateTime.UtcNow));

    /// <summary>Adds an interface.</summary>
    /// <returns>Its number.</returns>
    internal int AddInterface(string name, ushort linkType)
    {
        _interfaces.Add(new PcapngInterface(name, linkType));
        return _writer.WriteInterface(_interfaces[^1]);
    }

    /// <summary>Adds a secret, in front of every packet that is written from now on.</summary>
    internal void AddSecret(string label, byte[] random, byte[] secret, ulong bootNs)
    {
        if (_keys.Add(label, random, secret))
        {
            _recent.Enqueue((bootNs, label, random, secret));
        }

        while (_recent.TryPeek(out var oldest) && oldest.BootNs + KeysStay < bootNs)
        {
            _recent.Dequeue();
        }
    }

    /// <summary>Writes a packet.</summary>
    internal void Write(in HeldPacket packet)
    {
        if (IsFull)
        {
            Rotate();
        }

        _keys.WriteBlock();
        _writer.WritePacket(
            packet.Interface, packet.WallNs, packet.Frame.AsSpan(0, packet.Length), packet.OriginalLength, OptionsOf(packet.Owner, packet.Direction));
        if (_writer.ShouldFlush)
        {
            Flush();
        }
    }

    /// <summary>Hands whole blocks to the kernel: who reads the file now sees all of them.</summary>
    internal void Flush()
    {
        _keys.WriteBlock();
        _writer.Flush();
        _stream.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private bool IsFull => _path != "-"
        && ((_options.RotateBytes > 0 && _writer.BytesWritten >= _options.RotateBytes)
            || (_options.RotateAfter > TimeSpan.Zero && _now() - _begun >= _options.RotateAfter));

    private static FileStream OpenStream(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Create,
        Access = FileAccess.Write,
        Share = FileShare.Read | FileShare.Delete,
        BufferSize = 0,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite, // it holds keys
    });

    private void Rotate()
    {
        Flush();
        _stream.Dispose();
        RotatedName.PutAside(_path, _now());
        _stream = OpenStream(_path);
        Begin();
        foreach (PcapngInterface each in _interfaces)
        {
            _writer.WriteInterface(each);
        }

        foreach ((_, string label, byte[] random, byte[] secret) in _recent)
        {
            _keys.Add(label, random, secret);
        }
    }

    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(_writer), nameof(_keys))]
    private void Begin()
    {
        _begun = _now();
        _writer = new PcapngWriter(_stream);
        _keys = new TlsKeyLog(_writer);
        _writer.WriteSectionHeader(application: "ecapture " + typeof(LivePcapFile).Assembly.GetName().Version?.ToString(3));
    }

    private byte[] OptionsOf(PacketOwner? owner, uint direction)
    {
        if (!_packetOptions.TryGetValue((owner, direction), out byte[]? options))
        {
            if (_packetOptions.Count > MostOptions)
            {
                _packetOptions.Clear();
            }

            PacketDirection way = direction switch { 1 => PacketDirection.Inbound, 2 => PacketDirection.Outbound, _ => PacketDirection.Unknown };
            string? comment = owner is null ? null : string.Create(CultureInfo.InvariantCulture, $"{owner.Name} (pid {owner.Pid})");
            _packetOptions[(owner, direction)] = options = PacketOptions.Encode(way, owner?.Pid ?? 0, comment: comment);
        }

        return options;
    }
}
