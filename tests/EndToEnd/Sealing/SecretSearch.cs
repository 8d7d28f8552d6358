using System.Text;
using ECapture.Storage;
using ECapture.Storage.Tables;
using Npgsql;

namespace ECapture.Tests.EndToEnd.Sealing;

/// <summary>Looks for the secrets of a client's own key log, as bytes and as hexadecimal text, in what a part of the pipeline keeps.</summary>
/// <param name="keyLog">Lines of the key log (RFC 9850).</param>
/// <param name="marker">Captured text that is kept as it is.</param>
internal sealed class SecretSearch(IReadOnlyList<string> keyLog, string marker)
{
    /// <summary>
    /// Fails when a secret is there; and when what must be there is not, the client random and the plaintext, for then the search has not seen what it
    /// should have.
    /// </summary>
    public void AssertNoneIn(string where, byte[] dump)
    {
        Assert.NotEmpty(keyLog);
        Assert.True(Holds(dump, Encoding.ASCII.GetBytes(marker)), $"{where}: the plaintext is not among its {dump.Length} bytes");
        foreach (string line in keyLog)
        {
            string[] parts = line.Split(' ');
            Assert.True(Holds(dump, Convert.FromHexString(parts[1])), $"{where}: the client random is not among its {dump.Length} bytes");
            byte[] secret = Convert.FromHexString(parts[2]);
            Assert.False(Holds(dump, secret), $"{where} holds the secret {parts[0]} as bytes");
            // Half of one would help to guess the rest.
            Assert.False(Holds(dump, secret.AsSpan(0, secret.Length / 2)) || Holds(dump, secret.AsSpan(secret.Length / 2)), $"{where} holds half of the secret {parts[0]}");
            Assert.False(Holds(dump, Encoding.ASCII.GetBytes(parts[2].ToLowerInvariant())), $"{where} holds the secret {parts[0]} as text");
            Assert.False(Holds(dump, Encoding.ASCII.GetBytes(parts[2].ToUpperInvariant())), $"{where} holds the secret {parts[0]} as text");
            Assert.False(Holds(dump, Encoding.ASCII.GetBytes(Convert.ToBase64String(secret))), $"{where} holds the secret {parts[0]} as base64");
        }
    }

    /// <summary>True when all is there that <see cref="AssertNoneIn"/> wants to see: the plaintext and the client randoms, which arrive apart.</summary>
    public bool IsWholeIn(byte[] dump) =>
        Holds(dump, Encoding.ASCII.GetBytes(marker)) && keyLog.All(line => Holds(dump, Convert.FromHexString(line.Split(' ')[1])));

    /// <summary>All bytes of a folder's files.</summary>
    public static byte[] Files(string folder, string pattern = "*")
    {
        using MemoryStream all = new();
        foreach (string path in Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories))
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file.CopyTo(all);
        }

        return all.ToArray();
    }

    /// <summary>Every column of every table of a store, in binary form.</summary>
    public static async Task<byte[]> DumpAsync(StoreAddress address, CancellationToken cancellationToken)
    {
        await using Store store = await StoreFactory.OpenAsync(address, StoreRole.Reader, cancellationToken);
        using MemoryStream all = new();
        foreach (string table in EventTable.All.Select(t => t.Name).Append("dead_letter"))
        {
            if (store is ClickHouseStore clickHouse)
            {
                await using Stream rows = await clickHouse.Engine.QueryAsync(
                    $"SELECT * FROM `{table}`", new Dictionary<string, string>(), "RowBinary", cancellationToken);
                await rows.CopyToAsync(all, cancellationToken);
            }
            else
            {
                await using NpgsqlConnection connection = await ((PostgresStore)store).DataSource.OpenConnectionAsync(cancellationToken);
                await using NpgsqlRawCopyStream rows = await connection.BeginRawBinaryCopyAsync(
                    $"COPY (SELECT * FROM \"{table}\") TO STDOUT (FORMAT BINARY)", cancellationToken);
                await rows.CopyToAsync(all, cancellationToken);
            }
        }

        return all.ToArray();
    }

    private static bool Holds(byte[] dump, ReadOnlySpan<byte> what) => dump.AsSpan().IndexOf(what) >= 0;
}
