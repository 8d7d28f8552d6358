namespace ECapture.Capture.Elf;

/// <summary>A defined symbol.</summary>
/// <param name="Name">Without its version.</param>
/// <param name="Address">Virtual address, before relocation.</param>
/// <param name="Size">Bytes, 0 when the file does not say.</param>
/// <param name="Kind"><c>STT_</c>: 1 object, 2 function, 10 indirect function.</param>
public readonly record struct ElfSymbol(string Name, ulong Address, ulong Size, int Kind)
{
    /// <summary>True for a plain function.</summary>
    public bool IsFunction => Kind == 2;
}
