using System.Buffers.Binary;

namespace ECapture.Capture.Elf;

/// <summary>
/// Reads pointers in the data of a position-independent file as they are after the loader's work, counted from the file's own addresses: from
/// relative relocations with addend (gABI, "Relocation"), else from the data, where files with packed ones (DT_RELR) have them.
/// </summary>
internal sealed class ElfPointers
{
    private const int EntrySize = 24;
    private const uint WithAddend = 4; // SHT_RELA
    private const ulong MostBytes = 32UL << 20;
    private readonly ElfFile _elf;
    private readonly Dictionary<ulong, ulong> _addends = [];

    /// <summary>Reads a file's relocations.</summary>
    /// <exception cref="CaptureException">Reading fails.</exception>
    internal ElfPointers(ElfFile elf)
    {
        _elf = elf;
        uint relative = elf.Machine == ElfMachine.X64 ? 8u : 1027u; // R_X86_64_RELATIVE, R_AARCH64_RELATIVE
        foreach (ElfSection section in elf.Sections.Where(s => s.Type == WithAddend && s.Size <= MostBytes && elf.Fits(s.Offset, s.Size)))
        {
            byte[] table = new byte[section.Size / EntrySize * EntrySize];
            elf.ReadAt(section.Offset, table);
            for (ReadOnlySpan<byte> entry = table; !entry.IsEmpty; entry = entry[EntrySize..])
            {
                if (BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]) == relative)
                {
                    _addends[BinaryPrimitives.ReadUInt64LittleEndian(entry)] = BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]);
                }
            }
        }
    }

    /// <summary>The pointer at an address; 0: there is none.</summary>
    internal ulong At(ulong address)
    {
        if (_addends.TryGetValue(address, out ulong addend))
        {
            return addend;
        }

        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        return _elf.ReadAddress(address, bytes) == bytes.Length ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;
    }
}
