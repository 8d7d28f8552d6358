using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Tls;

/// <summary>What to attach to in a library.</summary>
/// <param name="buildId">The file's.</param>
internal sealed class LibraryPlan(ReadOnlySpan<byte> buildId)
{
    /// <summary>The file's GNU build id in hexadecimal; empty: none.</summary>
    internal string BuildId { get; } = Convert.ToHexStringLower(buildId);

    /// <summary>Functions that get a probe at their entry: offset in the file and kind.</summary>
    internal List<(ulong Offset, TlsFunction Kind)> Entries { get; } = [];

    /// <summary>Functions that get one at their return, too.</summary>
    internal List<(ulong Offset, TlsFunction Kind)> Returns { get; } = [];

    /// <summary>The function that secrets pass through; null: none, or not found. Its probe is among the entries.</summary>
    internal KeyLogFunction? KeyLog { get; set; }

    /// <summary>Where the library keeps the client random and the master secret.</summary>
    internal LibraryEntry Entry { get; set; } = new(default, LibraryEntry.Unknown);

    /// <summary>What could not be placed, for people; empty: nothing.</summary>
    internal string Missing { get; private set; } = "";

    /// <summary>Says that something could not be placed.</summary>
    internal void Miss(string what) => Missing += (Missing.Length > 0 ? "; " : "") + what;

    /// <summary>Leaves out what moves plaintext.</summary>
    internal void KeepSecretsOnly()
    {
        Entries.RemoveAll(e => MovesPlaintext(e.Kind));
        Returns.RemoveAll(r => MovesPlaintext(r.Kind));
    }

    private static bool MovesPlaintext(TlsFunction kind) => kind is
        TlsFunction.Read or TlsFunction.Write or TlsFunction.ReadEx or TlsFunction.WriteEx or TlsFunction.WriteEx2
        or TlsFunction.GnuTlsReceive or TlsFunction.GnuTlsSend
        or TlsFunction.NssRead or TlsFunction.NssReceive or TlsFunction.NssWrite or TlsFunction.NssWriteVector;

    /// <summary>Adds a function.</summary>
    internal void Add(ulong offset, TlsFunction kind, bool hasReturn)
    {
        Entries.Add((offset, kind));
        if (hasReturn)
        {
            Returns.Add((offset, kind));
        }
    }

    /// <summary>
    /// Adds what moves plaintext: the inner functions where they can be told, because code of the library calls them past its exports; else those that it
    /// exports. Never both: bytes would come twice.
    /// </summary>
    internal void AddPlaintext(Elf.ElfFile elf, TlsApi api)
    {
        HashSet<TlsFunction> replaced = [];
        foreach (TlsInnerFunction inner in api.Inner)
        {
            if (!replaced.Overlaps(inner.Replaces) && WrappedCall.Find(elf, inner.Wrapper, inner.Sibling) is { } address
                && elf.TryGetCodeOffset(address, out ulong offset))
            {
                Add(offset, inner.Kind, hasReturn: true);
                replaced.UnionWith(inner.Replaces);
            }
        }

        AddExported(elf, api.Functions.Where(f => !replaced.Contains(f.Kind)));
    }

    /// <summary>Adds those of the functions that a library exports.</summary>
    internal void AddExported(Elf.ElfFile elf, IEnumerable<TlsApiFunction> functions)
    {
        foreach (TlsApiFunction function in functions)
        {
            if (elf.TryGetSymbolOffset(function.Name, out ulong offset))
            {
                Add(offset, function.Kind, function.HasReturn);
            }
            else if (function.IsNeeded)
            {
                Miss($"plaintext: it does not export {function.Name}");
            }
        }
    }
}

/// <summary>Reads a library and says what to attach to.</summary>
internal interface ILibraryPlanner
{
    /// <summary>Reads a library.</summary>
    /// <exception cref="CaptureException">It cannot be read.</exception>
    LibraryPlan Plan(Elf.ElfFile elf);
}
