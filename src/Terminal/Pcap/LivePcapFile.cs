using System.Globalization;
using ECapture.Pcapng;
using ECapture.Terminal.Delivery;

namespace ECapture.Terminal.Pcap;

/// <summary>
/// The pcapng file of a command. Each packet says its direction and process (Wireshark before 4.6 shows process blocks as records without time, so there are none). Rotation puts the
/// file aside under a name with the time and goes on in a new one that stands alone. A TLS session cannot be decrypted without its beginning, so a connection stays in the file in which it began
/// until that is too old or the next one is put aside, too.
/// </summary>
internal sealed class LivePcapFile : IDisposable
{
    /// <summary>How long connections go on in a file that was put aside.</summary>
    internal static readonly TimeSpan LongestOverlap = TimeSpan.FromSeconds(60);

    private const int MostOptions = 65_536;
    private const int MostFlows = 65_536;
    private const ulong KeysStay = 30_000_000_000; // longer than packets are held

    private readonly string _path;
    private readonly string? _startingAs;
    private readonly PcapOptions _options;
    private readonly Func<DateTime> _now;
    private readonly List<PcapngInterface> _interfaces = [];
    private readonly Queue<(ulong BootNs, string Label, byte[] Random, byte[] Secret)> _recent = [];
    private readonly Dictionary<(PacketOwner?, uint), byte[]> _packetOptions = [];
    private HashSet<ulong> _flows = [];
    private HashSet<ulong> _flowsBefore = [];
    private PcapPart? _before;
    private PcapPart _part;
    private DateTime _begun;
    private bool _isInPlace;

    private LivePcapFile(string path, string? startingAs, Stream stream, PcapOptions options, Func<DateTime> now)
    {
        _path = path;
        _startingAs = startingAs;
        _isInPlace = startingAs is null;
        _options = options;
        _now = now;
        _begun = now();
        _part = new PcapPart(stream, []);
    }

    /// <summary>
    /// Opens a new file beside the one of that name, which stays until <see cref="TakePlace"/>: a command that cannot start destroys nothing. <c>-</c> is standard output; what is no
    /// regular file (a named pipe, /dev/stdout) is written as it is.
    /// </summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    internal static LivePcapFile Open(string path, PcapOptions options, Func<DateTime>? now = null)
    {
        now ??= () => DateTime.UtcNow;
        if (path == "-")
        {
            return new LivePcapFile(path, null, Console.OpenStandardOutput(), options, now);
        }

        if (Directory.Exists(path))
        {
            throw new IOException("it is a folder");
        }

        if (File.Exists(path) && OpenUnlessRegular(path) is { } stream)
        {
            return new LivePcapFile("-", null, stream, options, now);
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
        {
            throw new IOException($"there is no folder {folder}");
        }

        string starting = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $".{Path.GetFileName(path)}.{Environment.ProcessId}"));
        File.Delete(starting); // of a process that had this pid and was killed
        return new LivePcapFile(path, starting, Create(starting), options, now);
    }

    /// <summary>Takes the name that was asked for; a file of that name is replaced.</summary>
    /// <exception cref="IOException">It cannot be replaced.</exception>
    internal void TakePlace()
    {
        if (!_isInPlace)
        {
            File.Move(_startingAs!, _path, overwrite: true);
            _isInPlace = true;
        }
    }

    /// <summary>Adds an interface.</summary>
    /// <returns>Its number.</returns>
    internal int AddInterface(string name, ushort linkType)
    {
        _interfaces.Add(new PcapngInterface(name, linkType));
        _before?.Add(_interfaces[^1]);
        return _part.Add(_interfaces[^1]);
    }

    /// <summary>Adds a secret, in front of every packet that is written from now on.</summary>
    internal void AddSecret(string label, byte[] random, byte[] secret, ulong bootNs)
    {
        _before?.AddSecret(label, random, secret);
        if (_part.AddSecret(label, random, secret))
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

        PcapPart part = _before is not null && _flowsBefore.Contains(packet.Flow) ? _before : _part;
        if (part == _part && packet.Flow != 0 && _flows.Count < MostFlows)
        {
            _flows.Add(packet.Flow);
        }

        part.Write(packet, OptionsOf(packet.Owner, packet.Direction));
    }

    /// <summary>Hands whole blocks to the kernel: who reads the file now sees all of them.</summary>
    internal void Flush()
    {
        _part.Flush();
        _before?.Flush();
        if (_before is not null && _now() - _begun >= LongestOverlap)
        {
            EndBefore();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _before?.Dispose();
        _part.Dispose();
        if (!_isInPlace)
        {
            File.Delete(_startingAs!);
        }
    }

    private bool IsFull => _isInPlace && _path != "-"
        && ((_options.RotateBytes > 0 && _part.Bytes >= _options.RotateBytes)
            || (_options.RotateAfter > TimeSpan.Zero && _now() - _begun >= _options.RotateAfter));

    private static FileStream? OpenUnlessRegular(string path)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        if (!file.CanSeek)
        {
            return file;
        }

        file.Dispose();
        return null;
    }

    private static FileStream Create(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        Share = FileShare.Read | FileShare.Delete,
        BufferSize = 0,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite, // it holds keys
    });

    private void Rotate()
    {
        EndBefore();
        _part.Flush();
        RotatedName.PutAside(_path, _now());
        (_before, _flowsBefore, _flows) = (_part, _flows, _flowsBefore);
        _part = new PcapPart(Create(_path), _interfaces);
        _begun = _now();
        foreach ((_, string label, byte[] random, byte[] secret) in _recent)
        {
            _part.AddSecret(label, random, secret);
        }
    }

    private void EndBefore()
    {
        _before?.Flush();
        _before?.Dispose();
        _before = null;
        _flowsBefore.Clear();
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
