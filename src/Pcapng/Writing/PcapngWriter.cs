using System.Buffers.Binary;
using System.IO.Pipelines;

namespace ECapture.Pcapng;

/// <summary>
/// Writes one section of a pcapng file (draft-ietf-opsawg-pcapng), little-endian, times in nanoseconds of the Unix epoch.
/// Blocks are collected in memory; call <see cref="FlushAsync"/> when <see cref="ShouldFlush"/> says so. Nothing is allocated per packet.
/// Not for use by several threads.
/// </summary>
public sealed class PcapngWriter
{
    /// <summary>Longest packet that Wireshark opens; longer ones are cut, their original length is kept.</summary>
    public const int MaximumPacketLength = 262_144;

    /// <summary>Largest key log of one Decryption Secrets Block. Wireshark 4.0 refuses blocks above 134,348,832 bytes.</summary>
    public const int MaximumSecretsLength = 16 << 20;

    /// <summary>Private enterprise number of the Wireshark Foundation.</summary>
    public const uint WiresharkEnterprise = 32622;

    /// <summary>Entry type of Wireshark's Process Information custom block.</summary>
    public const uint ProcessInformationEntry = 3;

    private const uint TlsKeyLogSecrets = 0x544c534b;
    private const int FixedPacketLength = 28;

    private readonly Stream _stream;
    private readonly BlockBuffer _buffer;
    private readonly int _flushAt;
    private int _interfaces;
    private long _flushed;

    /// <summary>Creates a writer. The stream stays open and is the caller's.</summary>
    /// <param name="stream">Where the file goes.</param>
    /// <param name="flushAt">Bytes to collect before a flush is asked for.</param>
    public PcapngWriter(Stream stream, int flushAt = 512 << 10)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfLessThan(flushAt, 1);
        _stream = stream;
        _flushAt = flushAt;
        _buffer = new BlockBuffer(flushAt + MaximumPacketLength + 1024);
    }

    /// <summary>Creates a writer into a pipe, which the caller completes.</summary>
    public PcapngWriter(PipeWriter pipe, int flushAt = 64 << 10)
        : this((pipe ?? throw new ArgumentNullException(nameof(pipe))).AsStream(leaveOpen: true), flushAt)
    {
    }

    /// <summary>Bytes written so far, flushed or not.</summary>
    public long BytesWritten => _flushed + _buffer.Length;

    /// <summary>True when enough was collected for a flush.</summary>
    public bool ShouldFlush => _buffer.Length >= _flushAt;

    /// <summary>Writes the Section Header Block; it comes first.</summary>
    public void WriteSectionHeader(string? hardware = null, string? os = null, string? application = null, string? comment = null)
    {
        _buffer.Begin(BlockType.SectionHeader);
        _buffer.UInt32(0x1A2B3C4D);
        _buffer.UInt16(1);
        _buffer.UInt16(0);
        _buffer.UInt64(ulong.MaxValue); // section length: not specified
        _buffer.Option(OptionCode.SectionHardware, hardware);
        _buffer.Option(OptionCode.SectionOs, os);
        _buffer.Option(OptionCode.SectionApplication, application);
        _buffer.Option(OptionCode.Comment, comment);
        _buffer.EndOfOptions();
        _buffer.End();
    }

    /// <summary>Writes an Interface Description Block with if_tsresol 9 and no snapshot limit.</summary>
    /// <returns>The interface's number for <see cref="WritePacket"/>.</returns>
    public int WriteInterface(PcapngInterface description)
    {
        ArgumentNullException.ThrowIfNull(description);
        _buffer.Begin(BlockType.InterfaceDescription);
        _buffer.UInt16(description.LinkType);
        _buffer.UInt16(0);
        _buffer.UInt32(0);
        _buffer.Option(OptionCode.InterfaceName, description.Name);
        _buffer.Option(OptionCode.InterfaceDescription, description.Description);
        _buffer.Option(OptionCode.InterfaceTimestampResolution, [9]);
        _buffer.EndOfOptions();
        _buffer.End();
        return _interfaces++;
    }

    /// <summary>Writes a Decryption Secrets Block of type TLS Key Log (section "Decryption Secrets Block"). It must come before the packets it decrypts.</summary>
    /// <param name="keyLog">Lines of a key log (RFC 9850), at most <see cref="MaximumSecretsLength"/> bytes: split larger sets at line ends.</param>
    /// <exception cref="ArgumentOutOfRangeException">Longer than a block may be.</exception>
    public void WriteTlsSecrets(ReadOnlySpan<byte> keyLog)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keyLog.Length, MaximumSecretsLength, nameof(keyLog));
        _buffer.Begin(BlockType.DecryptionSecrets);
        _buffer.UInt32(TlsKeyLogSecrets);
        _buffer.UInt32((uint)keyLog.Length);
        _buffer.Padded(keyLog);
        _buffer.End();
    }

    /// <summary>
    /// Writes a process as Wireshark's custom block (section "Custom Block"; enterprise 32622, entry type 3; the entry is little-endian in any
    /// section). Readers that do not know it skip it.
    /// </summary>
    public void WriteProcess(PcapngProcess process)
    {
        _buffer.Begin(BlockType.Custom);
        _buffer.UInt32(WiresharkEnterprise);
        _buffer.UInt32(ProcessInformationEntry);
        int lengthAt = _buffer.Length;
        _buffer.UInt32(0);
        int start = _buffer.Length;
        _buffer.UInt32(process.Pid);
        _buffer.Option(OptionCode.ProcessName, process.Name);
        Span<byte> number = stackalloc byte[8];
        if (process.Uid is { } uid)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(number, uid);
            _buffer.Option(OptionCode.ProcessUser, number[..4]);
        }

        if (process.StartNanoseconds is { } at)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(number, at);
            _buffer.Option(OptionCode.ProcessStart, number);
        }

        _buffer.EndOfOptions();
        _buffer.Patch(lengthAt, (uint)(_buffer.Length - start));
        _buffer.End();
    }

    /// <summary>Writes an Enhanced Packet Block.</summary>
    /// <param name="interfaceId">What <see cref="WriteInterface"/> gave.</param>
    /// <param name="nanoseconds">Nanoseconds of the Unix epoch.</param>
    /// <param name="data">The frame, cut at <see cref="MaximumPacketLength"/>.</param>
    /// <param name="originalLength">Length on the wire; raised to the length of the data when it says less.</param>
    /// <param name="options">What <see cref="PacketOptions.Encode"/> gave, or nothing.</param>
    public void WritePacket(int interfaceId, ulong nanoseconds, ReadOnlySpan<byte> data, uint originalLength, ReadOnlySpan<byte> options)
    {
        if ((uint)interfaceId >= (uint)_interfaces)
        {
            throw new ArgumentOutOfRangeException(nameof(interfaceId), interfaceId, $"the file has {_interfaces} interfaces");
        }

        originalLength = Math.Max(originalLength, (uint)data.Length);
        if (data.Length > MaximumPacketLength)
        {
            data = data[..MaximumPacketLength];
        }

        int padded = Padding.Align(data.Length);
        int total = FixedPacketLength + padded + options.Length + 4;
        Span<byte> block = _buffer.Take(total);
        BinaryPrimitives.WriteUInt32LittleEndian(block, (uint)BlockType.EnhancedPacket);
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], (uint)total);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], (uint)interfaceId);
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], (uint)(nanoseconds >> 32));
        BinaryPrimitives.WriteUInt32LittleEndian(block[16..], (uint)nanoseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(block[20..], (uint)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(block[24..], originalLength);
        data.CopyTo(block[FixedPacketLength..]);
        block[(FixedPacketLength + data.Length)..(FixedPacketLength + padded)].Clear();
        options.CopyTo(block[(FixedPacketLength + padded)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(block[(total - 4)..], (uint)total);
    }

    /// <summary>Copies whole blocks that another writer made.</summary>
    public async ValueTask CopyAsync(MemoryStream blocks, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
        blocks.Position = 0;
        await blocks.CopyToAsync(_stream, cancellationToken).ConfigureAwait(false);
        _flushed += blocks.Length;
    }

    /// <summary>Hands everything collected to the stream and waits until it took it.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_buffer.Length > 0)
        {
            await _stream.WriteAsync(_buffer.Written, cancellationToken).ConfigureAwait(false);
            _flushed += _buffer.Length;
            _buffer.Clear();
        }
    }

    /// <summary>As <see cref="FlushAsync"/>, for a caller that has a thread of its own.</summary>
    public void Flush()
    {
        if (_buffer.Length > 0)
        {
            _stream.Write(_buffer.Written.Span);
            _flushed += _buffer.Length;
            _buffer.Clear();
        }
    }
}
