using ECapture.Capture.Elf;

namespace ECapture.Capture.Symbols;

/// <summary>Finds functions of a Go program: by its function table, which stripped programs have too, else by its symbols.</summary>
internal static class GoFunctions
{
    /// <summary>Finds functions by their full names.</summary>
    /// <param name="elf">The program.</param>
    /// <param name="names">Names as Go's linker writes them: <c>crypto/tls.(*Conn).Read</c>.</param>
    /// <param name="tried">Why the function table could not be used; empty: it was.</param>
    /// <returns>Those that the program has.</returns>
    /// <exception cref="CaptureException">The file cannot be read, or is damaged.</exception>
    internal static Dictionary<string, GoFunction> Find(ElfFile elf, IReadOnlyCollection<string> names, out string tried)
    {
        if (GoFunctionTable.TryOpen(elf, out tried) is { } table)
        {
            return table.Find(names);
        }

        Dictionary<string, GoFunction> found = new(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (elf.TryGetSymbol(name, out ElfSymbol symbol) && symbol is { IsFunction: true, Size: > 0 })
            {
                found[name] = new GoFunction(symbol.Address, symbol.Size);
            }
        }

        return found;
    }
}
