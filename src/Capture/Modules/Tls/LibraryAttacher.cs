using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Elf;
using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Tls;

/// <summary>Puts the probes on a library, for all processes that have it mapped or will map it.</summary>
internal sealed class LibraryAttacher(BpfObject obj)
{
    private const string Entry = "tls_entry";
    private const string Return = "tls_return";

    // Exported functions, as enum function of bpf/tls.bpf.c names them, and whether their return matters.
    private static readonly (string Function, TlsFunction Kind, bool Returns)[] s_functions =
    [
        ("SSL_read", TlsFunction.Read, true),
        ("SSL_write", TlsFunction.Write, true),
        ("SSL_read_ex", TlsFunction.ReadEx, true),
        ("SSL_write_ex", TlsFunction.WriteEx, true),
        ("SSL_write_ex2", TlsFunction.WriteEx2, true),
        ("SSL_free", TlsFunction.Free, false),
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

        List<UprobePoint> entries = [];
        List<UprobePoint> returns = [];
        foreach ((string function, TlsFunction kind, bool hasReturn) in s_functions)
        {
            if (elf.TryGetSymbolOffset(function, out ulong offset))
            {
                entries.Add(Point(offset, kind, index));
                if (hasReturn)
                {
                    returns.Add(Point(offset, kind, index));
                }
            }
            else if (kind is TlsFunction.Read or TlsFunction.Write)
            {
                missing += $"{(missing.Length > 0 ? "; " : "")}plaintext: it does not export {function}";
            }
        }

        if (keyLog.Function is not null)
        {
            entries.Add(Point(keyLog.Function.FileOffset, TlsFunction.LogSecret, index));
            // Before the probe: it reads this.
            obj.Maps["libraries"].Set(index, new LibraryEntry(keyLog.Function.ClientRandom));
        }

        // The return first: an entry without one would wait for a return that nobody sees.
        List<BpfLink> links = [];
        try
        {
            Attach(Return, file.AccessPath, returns, isReturn: true, links);
            Attach(Entry, file.AccessPath, entries, isReturn: false, links);
        }
        catch (CaptureException)
        {
            links.ForEach(l => l.Dispose());
            throw;
        }

        return new AttachedLibrary(file, index, buildId, keyLog.Function, entries.Count + returns.Count, links);
    }

    /// <summary>Says how the programs are attached, before the object is loaded.</summary>
    internal static void Prepare(BpfObject obj) => obj.PrepareUprobes(Entry, Return);

    private static UprobePoint Point(ulong offset, TlsFunction function, uint index) => new(offset, ((ulong)function << 32) | index);

    private void Attach(string program, string path, List<UprobePoint> points, bool isReturn, List<BpfLink> links)
    {
        if (points.Count > 0)
        {
            links.AddRange(obj.AttachUprobes(program, path, CollectionsMarshal.AsSpan(points), isReturn));
        }
    }
}
