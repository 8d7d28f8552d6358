using System.Text;
using ECapture.Capture.Elf;

namespace ECapture.Capture.Symbols;

/// <summary>Finds NUL-terminated strings in the read-only parts of a file; ends of longer strings count, because linkers merge tails.</summary>
internal static class LabelFinder
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Where the labels are: address and label.</summary>
    internal static Dictionary<ulong, string> Find(ElfFile elf, IReadOnlyList<string> labels)
    {
        Dictionary<ulong, string> found = [];
        foreach ((ulong address, string label) in Occurrences(elf, labels))
        {
            found[address] = label;
        }

        return found;
    }

    /// <summary>True when one of the labels is there; reads no further than the first.</summary>
    internal static bool Contains(ElfFile elf, IReadOnlyList<string> labels) => Occurrences(elf, labels).Any();

    private static IEnumerable<(ulong Address, string Label)> Occurrences(ElfFile elf, IReadOnlyList<string> labels)
    {
        byte[][] wanted = [.. labels.Select(l => Encoding.ASCII.GetBytes(l + '\0'))];
        int overlap = wanted.Max(w => w.Length) - 1;
        byte[] piece = new byte[PieceBytes + overlap];
        foreach ((ulong offset, ulong address, ulong size) in Constants(elf))
        {
            for (ulong at = 0; at < size; at += PieceBytes)
            {
                int length = elf.ReadUpTo(offset + at, piece.AsSpan(0, (int)Math.Min((ulong)piece.Length, size - at)));
                for (int i = 0; i < wanted.Length; i++)
                {
                    int from = 0;
                    while (piece.AsSpan(from, length - from).IndexOf(wanted[i]) is >= 0 and int step)
                    {
                        yield return (address + at + (ulong)(from + step), labels[i]);
                        from += step + 1;
                    }
                }
            }
        }
    }

    // The sections of constants; every part that is not written to where there are none, or no names of them.
    private static IEnumerable<(ulong Offset, ulong Address, ulong Size)> Constants(ElfFile elf)
    {
        bool any = false;
        foreach (ElfSection section in elf.Sections)
        {
            if (section.Name.StartsWith(".rodata", StringComparison.Ordinal) && section.Type != ElfSection.NoBits && elf.Fits(section.Offset, section.Size))
            {
                any = true;
                yield return (section.Offset, section.Address, section.Size);
            }
        }

        foreach (ElfSegment segment in elf.Segments)
        {
            if (!any && segment.IsLoaded && !segment.IsWritable)
            {
                yield return (segment.Offset, segment.Address, segment.FileSize);
            }
        }
    }
}
