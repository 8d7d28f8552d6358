using ECapture.Capture.Elf;

namespace ECapture.Capture.Symbols;

/// <summary>
/// Reads small pieces of a part of a file in rising order through one block. A file that makes it jump about is refused, so that the time
/// is bounded by the part's size whatever the file says.
/// </summary>
/// <param name="elf">The file.</param>
/// <param name="start">Where the part starts in the file.</param>
/// <param name="size">Bytes of the part; inside the file.</param>
internal sealed class ElfWindow(ElfFile elf, ulong start, ulong size)
{
    private const int BlockBytes = 256 * 1024;
    private const int FreeJumps = 64;

    private readonly byte[] _block = new byte[BlockBytes];
    private ulong _from;
    private int _length;
    private ulong _reads;

    /// <summary>The bytes at a position of the part.</summary>
    /// <exception cref="CaptureException">They are not inside the part, or it was read to and fro too often.</exception>
    internal ReadOnlySpan<byte> At(ulong position, int length)
    {
        if (position > size || (ulong)length > size - position)
        {
            throw elf.Broken("its function table points outside itself: it is damaged");
        }

        if (position < _from || position + (ulong)length > _from + (ulong)_length)
        {
            if (++_reads > (2 * (size / BlockBytes)) + FreeJumps)
            {
                throw elf.Broken("its function table is not in order: it is damaged");
            }

            _from = position;
            _length = (int)Math.Min(BlockBytes, size - position);
            elf.ReadAt(start + position, _block.AsSpan(0, _length));
        }

        return _block.AsSpan((int)(position - _from), length);
    }
}
