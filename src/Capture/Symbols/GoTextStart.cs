using System.Buffers.Binary;
using ECapture.Capture.Elf;

namespace ECapture.Capture.Symbols;

/// <summary>
/// Finds the address from which a Go function table counts (<c>runtime.text</c>). The table's own field is 0 in a position-independent program,
/// where the loader writes it, and since Go 1.26.
/// </summary>
internal static class GoTextStart
{
    private const uint RelocationSection = 4; // SHT_RELA
    private const int RelocationBytes = 24;
    private const int PieceBytes = RelocationBytes * 8192;
    private const ulong MostBytes = 256UL << 20;
    private const uint RelativeX64 = 8; // R_X86_64_RELATIVE
    private const uint RelativeArm64 = 1027; // R_AARCH64_RELATIVE

    internal static ulong Find(ElfFile elf, ulong fieldAddress, ulong field)
    {
        if (elf.IsPositionIndependent && TryRelocated(elf, fieldAddress, out ulong relocated))
        {
            return relocated;
        }

        if (field != 0)
        {
            return field;
        }

        return elf.TryGetSection(".text", out ElfSection text)
            ? text.Address
            : elf.Segments.FirstOrDefault(s => s.IsLoaded && s.IsExecutable).Address;
    }

    private static bool TryRelocated(ElfFile elf, ulong address, out ulong value)
    {
        value = 0;
        byte[] piece = new byte[PieceBytes];
        foreach (ElfSection section in elf.Sections)
        {
            if (section.Type != RelocationSection || section.Address == 0 || section.Size > MostBytes || !elf.Fits(section.Offset, section.Size))
            {
                continue;
            }

            for (ulong done = 0; done < section.Size; done += PieceBytes)
            {
                int length = (int)Math.Min(PieceBytes, section.Size - done);
                elf.ReadAt(section.Offset + done, piece.AsSpan(0, length));
                for (ReadOnlySpan<byte> left = piece.AsSpan(0, length); left.Length >= RelocationBytes; left = left[RelocationBytes..])
                {
                    if (BinaryPrimitives.ReadUInt64LittleEndian(left) == address
                        && BinaryPrimitives.ReadUInt32LittleEndian(left[8..]) is RelativeX64 or RelativeArm64)
                    {
                        value = BinaryPrimitives.ReadUInt64LittleEndian(left[16..]);
                        return true;
                    }
                }
            }
        }

        return false;
    }
}
