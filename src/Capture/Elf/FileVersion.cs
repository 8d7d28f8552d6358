using System.Text;
using System.Text.RegularExpressions;

namespace ECapture.Capture.Elf;

/// <summary>What a library or program says of its version, for people: a text inside it, and its build id. Nothing is decided by it.</summary>
public static partial class FileVersion
{
    private const int PieceBytes = 1 << 20;
    private const int Overlap = 64;

    /// <summary>Reads a file's version.</summary>
    /// <param name="access">Where it can be read now, perhaps below /proc.</param>
    /// <param name="path">As people know it.</param>
    /// <param name="module">The module that is attached to it.</param>
    /// <returns>Such as "OpenSSL 3.0.17" and a build id in hexadecimal; empty where it does not say, or cannot be read.</returns>
    public static (string Version, string BuildId) Read(string access, string path, string module)
    {
        try
        {
            string buildId;
            using (ElfFile elf = ElfFile.Open(access))
            {
                buildId = Convert.ToHexStringLower(elf.BuildId);
            }

            string version = Find(access, PatternOf(module));
            if (version.Length == 0 && module == "tls" && Path.GetFileName(path).StartsWith("libssl", StringComparison.Ordinal))
            {
                // OpenSSL keeps it in its other library.
                string[] words = access.Split('/');
                string root = words is ["", "proc", string pid, ..] ? $"/proc/{pid}/root" : "";
                string crypto = $"{root}{Path.GetDirectoryName(path)}/libcrypto{Path.GetFileName(path)["libssl".Length..]}";
                version = File.Exists(crypto) ? Find(crypto, PatternOf(module)) : "";
            }

            return (version, buildId);
        }
        catch (Exception e) when (e is CaptureException or IOException or UnauthorizedAccessException)
        {
            return ("", "");
        }
    }

    private static Regex? PatternOf(string module) => module switch
    {
        "tls" => OpenSsl(),
        "gnutls" => GnuTls(),
        "nss" => Nss(),
        "gotls" => Go(),
        "postgres" => Postgres(),
        "mysqld" => Mysql(),
        "bash" => Bash(),
        _ => null,
    };

    private static string Find(string path, Regex? pattern)
    {
        if (pattern is null)
        {
            return "";
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        byte[] piece = new byte[PieceBytes];
        int kept = 0;
        int read;
        while ((read = file.ReadAtLeast(piece.AsSpan(kept), piece.Length - kept, throwOnEndOfStream: false)) > 0)
        {
            int length = kept + read;
            if (pattern.Match(Encoding.Latin1.GetString(piece, 0, length)) is { Success: true } match)
            {
                return match.Value;
            }

            kept = Math.Min(Overlap, length);
            piece.AsSpan(length - kept, kept).CopyTo(piece);
        }

        return "";
    }

    [GeneratedRegex(@"OpenSSL \d+\.\d+\.\d+[a-z]?|BoringSSL", RegexOptions.CultureInvariant)]
    private static partial Regex OpenSsl();

    [GeneratedRegex(@"GnuTLS \d+\.\d+\.\d+", RegexOptions.CultureInvariant)]
    private static partial Regex GnuTls();

    [GeneratedRegex(@"NSS \d+\.\d+[\d.]*", RegexOptions.CultureInvariant)]
    private static partial Regex Nss();

    [GeneratedRegex(@"go1\.\d+[\d.]*", RegexOptions.CultureInvariant)]
    private static partial Regex Go();

    [GeneratedRegex(@"postgres \(PostgreSQL\) \d+[\d.]*", RegexOptions.CultureInvariant)]
    private static partial Regex Postgres();

    [GeneratedRegex(@"\d+\.\d+\.\d+-MariaDB|mysqld-\d+\.\d+\.\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Mysql();

    [GeneratedRegex(@"Bash version \d+\.\d+\.\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Bash();
}
