using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ECapture.Pcapng;

/// <summary>
/// Turns TLS secrets into key-log lines (RFC 9850, section 2), each once, and writes them into Decryption Secrets Blocks of bounded size.
/// </summary>
public sealed class TlsKeyLog
{
    private const int MaximumLabel = 64;
    private const int MaximumSecret = 256;
    private static readonly SearchValues<char> s_labelCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

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
        if (label.Length is 0 or > MaximumLabel || label.AsSpan().ContainsAnyExcept(s_labelCharacters)
            || clientRandom.Length != 32 || secret.Length is 0 or > MaximumSecret)
        {
            Refused++;
            return false;
        }

        Span<byte> line = stackalloc byte[MaximumLabel + 1 + 64 + 1 + (2 * MaximumSecret) + 1];
        int at = 0;
        foreach (char c in label)
        {
            line[at++] = (byte)c;
        }

        line[at++] = (byte)' ';
        at += Hex(clientRandom, line[at..]);
        line[at++] = (byte)' ';
        at += Hex(secret, line[at..]);
        line[at++] = (byte)'\n';

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

    private static int Hex(ReadOnlySpan<byte> bytes, Span<byte> text)
    {
        Convert.TryToHexStringLower(bytes, text, out int written);
        return written;
    }
}
