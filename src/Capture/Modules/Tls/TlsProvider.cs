using ECapture.Capture.Elf;
using ECapture.Capture.Modules.GnuTls;
using ECapture.Capture.Modules.Nss;
using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Tls;

/// <summary>Whose TLS a process uses, as far as what it has mapped tells.</summary>
/// <param name="Name">For people; empty: it cannot be told.</param>
/// <param name="Module">The module that captures it; empty: none does.</param>
public readonly record struct TlsProvider(string Name, string Module)
{
    /// <summary>Looks at a process.</summary>
    /// <returns>Null when it ended, or may not be looked at.</returns>
    public static TlsProvider? Of(int pid)
    {
        try
        {
            TlsProvider found = default;
            foreach (string line in File.ReadLines($"/proc/{pid}/maps"))
            {
                if (ProcessLibraries.TryParse(line, out _, out ReadOnlySpan<char> path) && OfLibrary(Path.GetFileName(path)) is { Name.Length: > 0 } library)
                {
                    found = library;
                    if (library.Module.Length == 0)
                    {
                        break; // Java's own is what it uses, whatever else it has loaded
                    }
                }
            }

            if (found.Name is { Length: > 0 })
            {
                return found;
            }

            using ElfFile elf = ElfFile.Open($"/proc/{pid}/exe");
            return GoSections.IsGo(elf) ? new TlsProvider("Go's crypto/tls", "gotls") : new TlsProvider("", "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CaptureException)
        {
            return null;
        }
    }

    private static TlsProvider OfLibrary(ReadOnlySpan<char> fileName) => fileName switch
    {
        "libjvm.so" => new TlsProvider("Java's own TLS", ""),
        _ when LibraryFile.IsOpenSslName(fileName) => new TlsProvider("OpenSSL", "tls"),
        _ when GnuTlsApi.IsLibraryName(fileName) => new TlsProvider("GnuTLS", "gnutls"),
        _ when NssApi.LibraryOf(fileName) == NssApi.Protocol => new TlsProvider("NSS", "nss"),
        _ => default,
    };
}
