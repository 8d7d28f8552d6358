using System.Buffers;

namespace ECapture.Protocols.Sql;

/// <summary>
/// Tells statements that differ in their literals alone by one number. The normal form has literals and parameters as <c>?</c>, lists of them as one, no
/// comments, words in small letters and single spaces; the fingerprint is its FNV-1a hash of 64 bits. Any bytes are taken, nothing throws.
/// </summary>
public static class SqlFingerprint
{
    /// <summary>Bytes of a statement that count; what is behind them is not looked at.</summary>
    public const int MaxBytes = 64 << 10;

    /// <summary>The fingerprint; 0 when there is nothing but comments.</summary>
    public static ulong Of(ReadOnlySpan<byte> statement, SqlDialect dialect)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SqlNormalizer.MaxLength(Cut(statement).Length));
        try
        {
            return Hash(buffer.AsSpan(0, new SqlNormalizer(Cut(statement), dialect, buffer).Run()));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The normal form.</summary>
    public static byte[] Normalize(ReadOnlySpan<byte> statement, SqlDialect dialect)
    {
        byte[] buffer = new byte[SqlNormalizer.MaxLength(Cut(statement).Length)];
        return buffer[..new SqlNormalizer(Cut(statement), dialect, buffer).Run()];
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> statement) => statement[..Math.Min(statement.Length, MaxBytes)];

    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return 0;
        }

        ulong hash = 0xcbf29ce484222325;
        foreach (byte b in bytes)
        {
            hash = (hash ^ b) * 0x100000001b3;
        }

        return hash == 0 ? 1 : hash;
    }
}
