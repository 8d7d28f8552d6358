using System.Buffers.Binary;

namespace ECapture.Capture.Elf;

/// <summary>Reads notes (gABI, "Note Section").</summary>
internal static class ElfNotes
{
    private const int MostNoteBytes = 64 * 1024;
    private const uint GnuBuildId = 3;

    internal static byte[] FindBuildId(ElfFile elf)
    {
        foreach (ElfSegment segment in elf.Segments)
        {
            if (segment.Type != ElfSegment.Note || segment.FileSize > MostNoteBytes || !elf.Fits(segment.Offset, segment.FileSize))
            {
                continue;
            }

            byte[] notes = new byte[segment.FileSize];
            elf.ReadAt(segment.Offset, notes);
            byte[] id = Find(notes, segment.Alignment == 8 ? 8 : 4);
            if (id.Length > 0)
            {
                return id;
            }
        }

        return [];
    }

    private static byte[] Find(ReadOnlySpan<byte> notes, int alignment)
    {
        const int HeaderSize = 12;
        while (notes.Length >= HeaderSize)
        {
            uint nameSize = BinaryPrimitives.ReadUInt32LittleEndian(notes);
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(notes[4..]);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]);
            ulong valueAt = Align(HeaderSize + (ulong)nameSize, alignment);
            ulong next = Align(valueAt + size, alignment);
            if (valueAt + size > (ulong)notes.Length)
            {
                break;
            }

            if (type == GnuBuildId && nameSize == 4 && notes.Slice(HeaderSize, 4).SequenceEqual("GNU\0"u8))
            {
                return notes.Slice((int)valueAt, (int)size).ToArray();
            }

            notes = next >= (ulong)notes.Length ? default : notes[(int)next..];
        }

        return [];
    }

    private static ulong Align(ulong value, int alignment) => (value + (ulong)alignment - 1) & ~((ulong)alignment - 1);
}
