using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ECapture.Pcapng;

/// <summary>
/// Turns TLS secrets into key-log lines (RFC 9850, section 2), each once, and writes them into Decryption Secrets Blocks of bounded size.
/// </summary>
public sealed class TlsKeyLog
{
    private const int MaximumLabel = 64;

    private readonly PcapngWriter _writer;
    private readonly byte[] _block;
    private readonly HashSet<UInt128> _seen = [];
    private int _length;

    /// <summary>Creates a key log that writes blocks of at most <paramref name="blockLength"/> bytes of lines.</summary>
    public TlsKeyLog(PcapngWriter writer, int blockLength = 1 << 20)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockLength, 1024);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blockLength, PcapngWriter.MaximumSecretsLength);
        _writer = writer;
        _block = new byte[blockLength];
    }

    /// <summary>Lines written.</summary>
    public long Lines { get; private set; }

    /// <summary>Secrets that cannot be a key-log line: a label with other characters than A-Z 0-9 _, a client random that has not 32 bytes, no secret.</summary>
    public long Refused { get; private set; }

    /// <summary>Adds a secret unless the same line was added before.</summary>
    /// <returns>True when it is a new line.</returns>
    public bool Add(string label, ReadOnlySpan<byte> clientRandom, ReadOnlySpan<byte> secret)
    {
        ArgumentNullException.ThrowIfNull(label);
        Span<byte> text = stackalloc byte[MaximumLabel];
        Span<byte> line = stackalloc byte[KeyLogLine.MaximumLength];
        if (label.Length > MaximumLabel || Ascii.FromUtf16(label, text, out int labelLength) != OperationStatus.Done
            || !KeyLogLine.TryWrite(text[..labelLength], clientRandom, secret, line, out int at))
        {
            Refused++;
            return false;
        }

        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(line[..at], digest);
        if (!_seen.Add(BinaryPrimitives.ReadUInt128LittleEndian(digest)))
        {
            return false;
        }

        if (_block.Length - _length < at)
        {
            WriteBlock();
        }

        line[..at].CopyTo(_block.AsSpan(_length));
        _length += at;
        Lines++;
        return true;
    }

    /// <summary>Writes the lines that wait for their block.</summary>
    public void WriteBlock()
    {
        if (_length > 0)
        {
            _writer.WriteTlsSecrets(_block.AsSpan(0, _length));
            _length = 0;
        }
    }
}
