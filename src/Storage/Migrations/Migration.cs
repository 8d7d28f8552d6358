using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace ECapture.Storage.Migrations;

/// <summary>One step of a store's schema: a file <c>schemas/STORE/NNN_name.sql</c>, embedded in this assembly.</summary>
/// <param name="Version">NNN, rising from 1; numbers may be left out.</param>
/// <param name="Name">The file's name without its ending.</param>
/// <param name="Sql">The whole file.</param>
public sealed record Migration(int Version, string Name, string Sql)
{
    /// <summary>SHA-256 of the file, in hexadecimal digits: an applied migration is never edited.</summary>
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    /// <summary>The statements: each ends with a semicolon at the end of a line.</summary>
    public IEnumerable<string> Statements =>
        Sql.ReplaceLineEndings("\n").Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(statement => statement.Split('\n').Any(line => line.Length > 0 && !line.StartsWith("--", StringComparison.Ordinal)));

    /// <summary>All migrations of a store, in order.</summary>
    /// <param name="store"><c>clickhouse</c> or <c>postgres</c>.</param>
    public static IReadOnlyList<Migration> Of(string store)
    {
        Assembly assembly = typeof(Migration).Assembly;
        string prefix = $"schemas.{store}.";
        List<Migration> migrations = [];
        foreach (string resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using StreamReader reader = new(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            string name = Path.GetFileNameWithoutExtension(resource[prefix.Length..]);
            migrations.Add(new Migration(int.Parse(name.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture), name, reader.ReadToEnd()));
        }

        return migrations;
    }

    /// <summary>What is left to apply.</summary>
    /// <param name="address">For messages.</param>
    /// <param name="known">This program's migrations.</param>
    /// <param name="applied">Version and checksum of what the store has, in order.</param>
    /// <exception cref="StoreException">The store is newer than this program, or was made by an edited migration.</exception>
    internal static IReadOnlyList<Migration> Missing(
        StoreAddress address, IReadOnlyList<Migration> known, IReadOnlyList<(int Version, string Checksum)> applied)
    {
        foreach ((int version, string checksum) in applied)
        {
            Migration? migration = known.FirstOrDefault(m => m.Version == version)
                ?? throw new StoreException(
                    $"{address} has schema version {applied.Max(a => a.Version)}, this program knows {known[^1].Version}: use the newer ecapture that made it",
                    isTransient: false);
            if (migration.Checksum != checksum)
            {
                throw new StoreException(
                    $"{address}: its migration {migration.Name} is not the one of this program (checksum {checksum[..Math.Min(12, checksum.Length)]}, here {migration.Checksum[..12]}): use the ecapture that made it, or a new database",
                    isTransient: false);
            }
        }

        return [.. known.Where(m => applied.All(a => a.Version != m.Version))];
    }

    /// <summary>Refuses a store that was not migrated to what this program reads.</summary>
    internal static void RequireNone(StoreAddress address, IReadOnlyList<Migration> missing)
    {
        if (missing.Count > 0)
        {
            throw new StoreException(
                $"{address} lacks the tables of schema version {missing[^1].Version}: start a writer on it first (ecapture sink, or ecapture run)",
                isTransient: false);
        }
    }
}
