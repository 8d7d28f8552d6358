using System.Buffers.Binary;
using ECapture.Capture.Elf;

namespace ECapture.Capture.Symbols;

/// <summary>Tells Go programs from others, and finds their function table; also where the section headers were cut off.</summary>
internal static class GoSections
{
    private const string BuildInfo = ".go.buildinfo";
    private static readonly string[] s_functionTables = [".gopclntab", ".data.rel.ro.gopclntab"];

    /// <summary>True for a program that Go's linker made.</summary>
    /// <exception cref="CaptureException">The file cannot be read.</exception>
    internal static bool IsGo(ElfFile elf) =>
        elf.TryGetSection(BuildInfo, out _) || TryFindFunctionTable(elf, out _, out _, out _);

    /// <summary>Finds the function table.</summary>
    /// <param name="elf">The program.</param>
    /// <param name="at">Where in the file.</param>
    /// <param name="address">Its virtual address.</param>
    /// <param name="size">Bytes; up to the end of the segment where no section says it.</param>
    /// <exception cref="CaptureException">The file cannot be read.</exception>
    internal static bool TryFindFunctionTable(ElfFile elf, out ulong at, out ulong address, out ulong size)
    {
        foreach (string name in s_functionTables)
        {
            if (elf.TryGetSection(name, out ElfSection section) && section.Type != ElfSection.NoBits)
            {
                (at, address, size) = (section.Offset, section.Address, section.Size);
                return true;
            }
        }

        (at, address, size) = (0, 0, 0);
        return elf.Sections.Count == 0 && TrySearch(elf, out at, out address, out size);
    }

    private static bool TrySearch(ElfFile elf, out ulong at, out ulong address, out ulong size)
    {
        const int PieceBytes = 1 << 20;
        const int Alignment = 32; // the linker's, of its tables
        byte[] piece = new byte[PieceBytes];
        foreach (ElfSegment segment in elf.Segments)
        {
            if (!segment.IsLoaded || segment.IsExecutable)
            {
                continue;
            }

            ulong first = (Alignment - (segment.Address % Alignment)) % Alignment;
            for (ulong done = first; done < segment.FileSize; done += PieceBytes)
            {
                int length = elf.ReadUpTo(segment.Offset + done, piece.AsSpan(0, (int)Math.Min(PieceBytes, segment.FileSize - done)));
                for (int i = 0; i + 8 <= length; i += Alignment)
                {
                    if (IsHeader(piece.AsSpan(i, 8)))
                    {
                        ulong inside = done + (ulong)i;
                        (at, address, size) = (segment.Offset + inside, segment.Address + inside, segment.FileSize - inside);
                        return true;
                    }
                }
            }
        }

        (at, address, size) = (0, 0, 0);
        return false;
    }

    // Magic, two zeros, the least size of an instruction, the size of a pointer.
    private static bool IsHeader(ReadOnlySpan<byte> start) =>
        BinaryPrimitives.ReadUInt32LittleEndian(start) is 0xfffffff0 or 0xfffffff1
        && start[4] == 0 && start[5] == 0 && start[6] is 1 or 2 or 4 && start[7] == 8;
}
