using ECapture.Capture.Bpf;
using ECapture.Capture.Elf;
using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Tls;

/// <summary>Puts the probes on a library, for all processes that have it mapped or will map it.</summary>
internal sealed class LibraryAttacher(BpfObject obj)
{
    // Program at the entry, and whether the return matters, by exported function.
    private static readonly (string Function, string Program, bool Returns)[] s_functions =
    [
        ("SSL_read", "ssl_read", true),
        ("SSL_write", "ssl_write", true),
        ("SSL_read_ex", "ssl_read_ex", true),
        ("SSL_write_ex", "ssl_write_ex", true),
        ("SSL_write_ex2", "ssl_write_ex2", true),
        ("SSL_free", "ssl_free", false),
    ];

    private readonly KeyLogResolver _resolver = new();

    /// <summary>Attaches to a library.</summary>
    /// <param name="file">The library.</param>
    /// <param name="index">Its index in the map <c>libraries</c>.</param>
    /// <param name="missing">What could not be placed; empty: nothing.</param>
    /// <exception cref="CaptureException">It cannot be read, or the kernel refused; nothing is left attached.</exception>
    internal AttachedLibrary Attach(in LibraryFile file, uint index, out string missing)
    {
        using ElfFile elf = ElfFile.Open(file.AccessPath);
        string buildId = Convert.ToHexStringLower(elf.BuildId);
        KeyLogResolution keyLog = _resolver.Resolve(elf);
        missing = keyLog.Tried.Length == 0 ? "" : "secrets: " + keyLog.Tried;

        List<BpfLink> links = [];
        try
        {
            foreach ((string function, string program, bool returns) in s_functions)
            {
                if (elf.TryGetSymbolOffset(function, out ulong offset))
                {
                    links.Add(obj.AttachUprobe(program, file.AccessPath, offset, cookie: index));
                    if (returns)
                    {
                        links.Add(obj.AttachUprobe("ssl_return", file.AccessPath, offset, isReturn: true, cookie: index));
                    }
                }
                else if (function is "SSL_read" or "SSL_write")
                {
                    missing += $"{(missing.Length > 0 ? "; " : "")}plaintext: it does not export {function}";
                }
            }

            if (keyLog.Function is not null)
            {
                // Before the probe: it reads the entry.
                obj.Maps["libraries"].Set(index, new LibraryEntry(keyLog.Function.ClientRandom));
                links.Add(obj.AttachUprobe("ssl_log_secret", file.AccessPath, keyLog.Function.FileOffset, cookie: index));
            }

            return new AttachedLibrary(file, index, buildId, keyLog.Function, links);
        }
        catch (CaptureException)
        {
            foreach (BpfLink link in links)
            {
                link.Dispose();
            }

            throw;
        }
    }
}
