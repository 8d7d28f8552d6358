using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Elf;
using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Tls;

/// <summary>Puts the probes on a library, for all processes that have it mapped or will map it.</summary>
internal sealed class LibraryAttacher(TlsApi api, BpfObject obj)
{
    private const string EntryProgram = "tls_entry";
    private const string ReturnProgram = "tls_return";
    private const int Unknown = -1;

    private readonly KeyLogResolver _resolver = new(api.ClientRandomAccessor);

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
        foreach (TlsApiFunction function in api.Functions)
        {
            if (elf.TryGetSymbolOffset(function.Name, out ulong offset))
            {
                entries.Add(Point(offset, function.Kind, index));
                if (function.HasReturn)
                {
                    returns.Add(Point(offset, function.Kind, index));
                }
            }
            else if (function.IsNeeded)
            {
                missing += $"{(missing.Length > 0 ? "; " : "")}plaintext: it does not export {function.Name}";
            }
        }

        if (keyLog.Function is not null)
        {
            entries.Add(Point(keyLog.Function.FileOffset, TlsFunction.LogSecret, index));
        }

        // Before the probes: they read this.
        obj.Maps["libraries"].Set(index, Entry(elf, keyLog.Function, ref missing));

        // The return first: an entry without one would wait for a return that nobody sees.
        List<BpfLink> links = [];
        try
        {
            Attach(ReturnProgram, file.AccessPath, returns, isReturn: true, links);
            Attach(EntryProgram, file.AccessPath, entries, isReturn: false, links);
        }
        catch (CaptureException)
        {
            links.ForEach(l => l.Dispose());
            throw;
        }

        return new AttachedLibrary(file, index, buildId, keyLog.Function, entries.Count + returns.Count, links);
    }

    /// <summary>Says how the programs are attached, before the object is loaded.</summary>
    internal static void Prepare(BpfObject obj) => obj.PrepareUprobes(EntryProgram, ReturnProgram);

    // The secret of a resumed session is told only together with its client random.
    private LibraryEntry Entry(ElfFile elf, KeyLogFunction? keyLog, ref string missing)
    {
        if (keyLog is null)
        {
            return new LibraryEntry(default, Unknown);
        }

        ClientRandomLocation? secret = api.MasterSecretAccessor is { } accessor ? PointerWalk.Accessed(elf, accessor) : null;
        if (api.MasterSecretAccessor is not null && secret is not { Pointer: < 0 })
        {
            missing += $"{(missing.Length > 0 ? "; " : "")}secrets of resumed TLS 1.2 sessions: {api.MasterSecretAccessor.Function} does not tell where they are";
        }

        return new LibraryEntry(keyLog.ClientRandom, secret is { Pointer: < 0 } ? secret.Value.Offset : Unknown);
    }

    private static UprobePoint Point(ulong offset, TlsFunction function, uint index) => new(offset, ((ulong)function << 32) | index);

    private void Attach(string program, string path, List<UprobePoint> points, bool isReturn, List<BpfLink> links)
    {
        if (points.Count > 0)
        {
            links.AddRange(obj.AttachUprobes(program, path, CollectionsMarshal.AsSpan(points), isReturn));
        }
    }
}
