namespace ECapture.Capture.Elf;

/// <summary>A section header.</summary>
/// <param name="Name">Its name; empty when the name table is unusable.</param>
/// <param name="Type"><c>sh_type</c>: 2 symbols, 3 strings, 8 no bits, 11 dynamic symbols.</param>
/// <param name="Address">Virtual address, 0 when not mapped.</param>
/// <param name="Offset">Where in the file.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Link">Index of the section that belongs to it (the strings of a symbol table).</param>
/// <param name="EntrySize">Bytes of an entry of a table.</param>
public readonly record struct ElfSection(
    string Name, uint Type, ulong Address, ulong Offset, ulong Size, uint Link, ulong EntrySize)
{
    internal const uint Symbols = 2;
    internal const uint NoBits = 8;
    internal const uint DynamicSymbols = 11;
}
