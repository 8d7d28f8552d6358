using System.Buffers.Binary;

namespace ECapture.Capture.Elf;

/// <summary>
/// The dynamic symbol table as the loader finds it (gABI, "Dynamic Section"), for files whose section headers were cut off. All values
/// are file offsets and bytes.
/// </summary>
internal readonly record struct ElfDynamic(ulong SymbolsAt, ulong SymbolsSize, ulong StringsAt, ulong StringsSize)
{
    private const int SymbolSize = 24;
    private const int MostBytes = 64 * 1024;

    internal static bool TryRead(ElfFile elf, out ElfDynamic dynamic)
    {
        dynamic = default;
        foreach (ElfSegment segment in elf.Segments)
        {
            if (segment.Type != ElfSegment.Dynamic || segment.FileSize > MostBytes || !elf.Fits(segment.Offset, segment.FileSize))
            {
                continue;
            }

            byte[] entries = new byte[segment.FileSize];
            elf.ReadAt(segment.Offset, entries);
            return TryRead(elf, entries, out dynamic);
        }

        return false;
    }

    private static bool TryRead(ElfFile elf, ReadOnlySpan<byte> entries, out ElfDynamic dynamic)
    {
        dynamic = default;
        ulong symbols = 0, strings = 0, stringsSize = 0;
        for (; entries.Length >= 16; entries = entries[16..])
        {
            ulong value = BinaryPrimitives.ReadUInt64LittleEndian(entries[8..]);
            switch (BinaryPrimitives.ReadInt64LittleEndian(entries))
            {
                case 5:
                    strings = value;
                    break;
                case 6:
                    symbols = value;
                    break;
                case 10:
                    stringsSize = value;
                    break;
                default:
                    break;
            }
        }

        // The table does not say how long it is. Linkers put the strings behind the symbols; the walk checks every name it reads.
        if (symbols == 0 || strings <= symbols
            || !elf.TryGetFileOffset(symbols, out ulong symbolsAt) || !elf.TryGetFileOffset(strings, out ulong stringsAt))
        {
            return false;
        }

        dynamic = new ElfDynamic(symbolsAt, (strings - symbols) / SymbolSize * SymbolSize, stringsAt, stringsSize);
        return true;
    }
}
