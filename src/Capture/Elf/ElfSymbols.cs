using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ECapture.Capture.Elf;

/// <summary>Looks symbols up (gABI, "Symbol Table") by walking the tables in pieces, so that memory is bounded whatever the file says.</summary>
internal static class ElfSymbols
{
    private const int EntrySize = 24;
    private const int PieceEntries = 4096;
    private const ulong MostStringBytes = 512UL << 20;

    internal static bool TryFind(ElfFile elf, string name, out ElfSymbol symbol)
    {
        foreach (uint type in (ReadOnlySpan<uint>)[ElfSection.DynamicSymbols, ElfSection.Symbols])
        {
            foreach (ElfSection table in elf.Sections)
            {
                if (table.Type == type && table.Link < (uint)elf.Sections.Count
                    && TryFind(elf, table.Offset, table.Size, elf.Sections[(int)table.Link].Offset, elf.Sections[(int)table.Link].Size, name, out symbol))
                {
                    return true;
                }
            }
        }

        if (elf.Sections.Count == 0 && ElfDynamic.TryRead(elf, out ElfDynamic dynamic))
        {
            return TryFind(elf, dynamic.SymbolsAt, dynamic.SymbolsSize, dynamic.StringsAt, dynamic.StringsSize, name, out symbol);
        }

        symbol = default;
        return false;
    }

    private static bool TryFind(
        ElfFile elf, ulong at, ulong size, ulong stringsAt, ulong stringsSize, string name, out ElfSymbol symbol)
    {
        symbol = default;
        if (!elf.Fits(at, size) || !elf.Fits(stringsAt, stringsSize) || stringsSize > MostStringBytes)
        {
            return false;
        }

        byte[] wanted = [.. Encoding.UTF8.GetBytes(name), 0];
        byte[] strings = new byte[stringsSize];
        elf.ReadAt(stringsAt, strings);
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceEntries * EntrySize);
        try
        {
            ulong entries = size / EntrySize;
            for (ulong first = 0; first < entries; first += PieceEntries)
            {
                int count = (int)Math.Min(PieceEntries, entries - first);
                elf.ReadAt(at + (first * EntrySize), piece.AsSpan(0, count * EntrySize));
                for (int i = 0; i < count; i++)
                {
                    ReadOnlySpan<byte> entry = piece.AsSpan(i * EntrySize, EntrySize);
                    uint nameAt = BinaryPrimitives.ReadUInt32LittleEndian(entry);
                    bool defined = BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]) != 0;
                    if (defined && nameAt < strings.Length && strings.AsSpan((int)nameAt).StartsWith(wanted))
                    {
                        symbol = new ElfSymbol(
                            name, BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
                            BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]), entry[4] & 0xf);
                        return true;
                    }
                }
            }

            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
