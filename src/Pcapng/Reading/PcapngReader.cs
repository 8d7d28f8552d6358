using System.Buffers.Binary;

namespace ECapture.Pcapng;

/// <summary>
/// Reads pcapng files (draft-ietf-opsawg-pcapng) of either byte order, block by block. Lengths are checked before they are used, memory is bounded
/// by the largest block allowed and grows only with bytes that arrived. Not for use by several threads.
/// </summary>
public sealed class PcapngReader
{
    /// <summary>The largest block that Wireshark 4.0 opens.</summary>
    public const int DefaultMaximumBlockLength = 134_348_832;

    private const int MaximumInterfaces = 65_536;
    private const uint LittleEndianMagic = 0x1A2B3C4D;
    private const int FirstStep = 1 << 16;

    private readonly Stream _stream;
    private readonly int _maximumBlockLength;
    private readonly List<(uint SnapLength, TimestampResolution Resolution)> _interfaces = [];
    private readonly byte[] _header = new byte[12];
    private bool _inSection;
    private bool _bigEndian;
    private long _offset;

    /// <summary>Creates a reader. The stream stays open and is the caller's.</summary>
    /// <param name="stream">The file from its start.</param>
    /// <param name="maximumBlockLength">Blocks above this many bytes are refused.</param>
    public PcapngReader(Stream stream, int maximumBlockLength = DefaultMaximumBlockLength)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumBlockLength, 28);
        _stream = stream;
        _maximumBlockLength = maximumBlockLength;
    }

    /// <summary>When the file ended inside a block: the block's offset in bytes. Set after <see cref="Read"/> gave null.</summary>
    public long? CutAt { get; private set; }

    /// <summary>Reads the next block.</summary>
    /// <returns>Null at the end of the file; see <see cref="CutAt"/>.</returns>
    /// <exception cref="PcapngException">The file breaks the format; nothing more can be read.</exception>
    public PcapngBlock? Read()
    {
        int got = _stream.ReadAtLeast(_header.AsSpan(0, 8), 8, throwOnEndOfStream: false);
        if (got < 8)
        {
            return End(got);
        }

        bool section = BinaryPrimitives.ReadUInt32LittleEndian(_header) == (uint)BlockType.SectionHeader;
        int headerLength = 8;
        if (section)
        {
            if (_stream.ReadAtLeast(_header.AsSpan(8, 4), 4, throwOnEndOfStream: false) < 4)
            {
                return End(8);
            }

            headerLength = 12;
            _bigEndian = ByteOrder();
            _interfaces.Clear();
            _inSection = true;
        }
        else if (!_inSection)
        {
            throw new PcapngException(_offset, "the file does not begin with a section header");
        }

        uint type = Number(_header);
        uint total = Number(_header.AsSpan(4));
        if (total < 12 || total % 4 != 0 || total < headerLength + 4)
        {
            throw new PcapngException(_offset, FormattableString.Invariant($"its length {total} is not a multiple of 4 that holds its own frame"));
        }

        if (total > _maximumBlockLength)
        {
            throw new PcapngException(_offset, FormattableString.Invariant($"its length {total} is above the limit of {_maximumBlockLength} bytes"));
        }

        int rest = (int)total - headerLength;
        if (ReadRest(rest) is not { } bytes)
        {
            return End(headerLength);
        }

        uint trailer = Number(bytes.AsSpan(rest - 4));
        if (trailer != total)
        {
            throw new PcapngException(_offset, FormattableString.Invariant($"its two lengths differ, {total} and {trailer}"));
        }

        var body = new BlockBody(bytes.AsMemory(0, rest - 4), _bigEndian, _offset);
        PcapngBlock block = section ? Section(ref body) : Block(type, ref body);
        _offset += total;
        return block;
    }

    private PcapngBlock Block(uint type, ref BlockBody body)
    {
        switch ((BlockType)type)
        {
            case BlockType.InterfaceDescription:
                return Interface(ref body);
            case BlockType.EnhancedPacket:
                {
                    int id = InterfaceId(body.UInt32());
                    ulong ticks = body.Ticks();
                    uint captured = body.UInt32();
                    uint original = body.UInt32();
                    ReadOnlyMemory<byte> data = body.Padded(captured);
                    return new PacketBlock(_offset, body.Options(), BlockType.EnhancedPacket, id, _interfaces[id].Resolution.ToUnixNanoseconds(ticks), original, data);
                }

            case BlockType.ObsoletePacket:
                {
                    int id = InterfaceId(body.UInt16());
                    body.UInt16(); // drops
                    ulong ticks = body.Ticks();
                    uint captured = body.UInt32();
                    uint original = body.UInt32();
                    ReadOnlyMemory<byte> data = body.Padded(captured);
                    return new PacketBlock(_offset, body.Options(), BlockType.ObsoletePacket, id, _interfaces[id].Resolution.ToUnixNanoseconds(ticks), original, data);
                }

            case BlockType.SimplePacket:
                {
                    int id = InterfaceId(0);
                    uint original = body.UInt32();
                    uint snap = _interfaces[id].SnapLength;
                    uint captured = Math.Min(snap == 0 ? original : Math.Min(snap, original), (uint)body.Left);
                    return new PacketBlock(_offset, PcapngOptions.None, BlockType.SimplePacket, id, null, original, body.Padded(captured));
                }

            case BlockType.InterfaceStatistics:
                {
                    int id = InterfaceId(body.UInt32());
                    ulong ticks = body.Ticks();
                    return new InterfaceStatisticsBlock(_offset, body.Options(), id, _interfaces[id].Resolution.ToUnixNanoseconds(ticks));
                }

            case BlockType.NameResolution:
                List<PcapngOption> records = body.Records();
                return new NameResolutionBlock(_offset, body.Options(), records);
            case BlockType.DecryptionSecrets:
                {
                    uint secretsType = body.UInt32();
                    ReadOnlyMemory<byte> data = body.Padded(body.UInt32());
                    return new DecryptionSecretsBlock(_offset, body.Options(), secretsType, data);
                }

            case BlockType.SystemdJournal:
                return new SystemdJournalBlock(_offset, body.Rest);
            case BlockType.Custom or BlockType.CustomNotCopied:
                return new CustomBlock(_offset, body.UInt32(), type == (uint)BlockType.Custom, body.Rest);
            default:
                return new UnknownBlock(_offset, type, body.Rest);
        }
    }

    private SectionHeaderBlock Section(ref BlockBody body)
    {
        ushort major = body.UInt16();
        ushort minor = body.UInt16();
        if (major != 1)
        {
            throw new PcapngException(_offset, FormattableString.Invariant($"version {major}.{minor}; this reader knows 1.0 and 1.2"));
        }

        long length = (long)body.UInt64();
        return new SectionHeaderBlock(_offset, body.Options(), _bigEndian, minor, length);
    }

    private InterfaceDescriptionBlock Interface(ref BlockBody body)
    {
        ushort linkType = body.UInt16();
        body.UInt16(); // reserved
        uint snap = body.UInt32();
        PcapngOptions options = body.Options();
        TimestampResolution resolution = TimestampResolution.Default;
        if (options.Find(OptionCode.InterfaceTimestampResolution) is { Length: 1 } code)
        {
            resolution = resolution with { Code = code.Span[0] };
        }

        if (options.UInt64(OptionCode.InterfaceTimestampOffset) is { } seconds)
        {
            resolution = resolution with { OffsetSeconds = (long)seconds };
        }

        if (_interfaces.Count == MaximumInterfaces)
        {
            throw new PcapngException(_offset, FormattableString.Invariant($"more than {MaximumInterfaces} interfaces"));
        }

        _interfaces.Add((snap, resolution));
        return new InterfaceDescriptionBlock(_offset, options, _interfaces.Count - 1, linkType, snap, resolution);
    }

    private int InterfaceId(uint id) => id < (uint)_interfaces.Count
        ? (int)id
        : throw new PcapngException(_offset, FormattableString.Invariant($"interface {id} of {_interfaces.Count}"));

    private bool ByteOrder() => BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(8)) switch
    {
        LittleEndianMagic => false,
        0x4D3C2B1A => true,
        uint other => throw new PcapngException(_offset, FormattableString.Invariant($"byte-order magic {other:x8}")),
    };

    private uint Number(ReadOnlySpan<byte> bytes) =>
        _bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    /// <summary>Reads exactly this many bytes, or null when the file ends before. Takes memory as bytes arrive, not as a length claims.</summary>
    private byte[]? ReadRest(int length)
    {
        byte[] bytes = new byte[Math.Min(length, FirstStep)];
        int at = 0;
        while (true)
        {
            at += _stream.ReadAtLeast(bytes.AsSpan(at), bytes.Length - at, throwOnEndOfStream: false);
            if (at == length)
            {
                return bytes;
            }

            if (at < bytes.Length)
            {
                return null;
            }

            Array.Resize(ref bytes, (int)Math.Min(length, 2L * bytes.Length));
        }
    }

    private PcapngBlock? End(int headerBytes)
    {
        if (headerBytes > 0)
        {
            CutAt = _offset;
        }

        return null;
    }
}
