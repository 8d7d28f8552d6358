using System.Text;
using ECapture.Capture.Elf;

namespace ECapture.Capture.Symbols;

/// <summary>Finds NUL-terminated strings in the read-only parts of a file; ends of longer strings count, because linkers merge tails.</summary>
internal static class LabelFinder
{
    private const int PieceBytes = 1 << 20;

    internal static Dictionary<ulong, string> Find(ElfFile elf, IReadOnlyList<string> labels)
    {
        byte[][] wanted = [.. labels.Select(l => Encoding.ASCII.GetBytes(l + '\0'))];
        int overlap = wanted.Max(w => w.Length) - 1;
        Dictionary<ulong, string> found = [];
        byte[] piece = new byte[PieceBytes + overlap];
        foreach (ElfSegment segment in elf.Segments)
        {
            if (!segment.IsLoaded || segment.IsWritable)
            {
                continue;
            }

            for (ulong at = 0; at < segment.FileSize; at += PieceBytes)
            {
                int length = elf.ReadUpTo(segment.Offset + at, piece.AsSpan(0, (int)Math.Min((ulong)piece.Length, segment.FileSize - at)));
                for (int i = 0; i < wanted.Length; i++)
                {
                    FindIn(piece.AsSpan(0, length), wanted[i], segment.Address + at, labels[i], found);
                }
            }
        }

        return found;
    }

    private static void FindIn(
        ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> wanted, ulong address, string label, Dictionary<ulong, string> found)
    {
        int from = 0;
        while (bytes[from..].IndexOf(wanted) is >= 0 and int at)
        {
            found[address + (ulong)(from + at)] = label;
            from += at + 1;
        }
    }
}
