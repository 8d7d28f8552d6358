using ECapture.Capture.Elf;
using ECapture.Capture.Symbols;
using Iced.Intel;

namespace ECapture.Capture.Modules.Nss;

/// <summary>
/// Where an NSS socket keeps the client random. SSL_ExportKeyingMaterial (RFC 5705) copies it, and then the server's, which lies beside it: 64 bytes in a row
/// that the function reads from one object, of which the half that it reads first is the client's.
/// </summary>
internal static class ExportedRandoms
{
    private const string Function = "SSL_ExportKeyingMaterial";
    private const int MostBytes = 2048;
    private const int RandomBytes = 32;
    private const int LeastOffset = 0x40;

    /// <summary>Reads the function; null: it does not tell beyond doubt.</summary>
    /// <exception cref="CaptureException">Reading fails.</exception>
    internal static FieldLocation? Find(ElfFile elf)
    {
        if (!elf.TryGetSymbol(Function, out ElfSymbol symbol) || !symbol.IsFunction)
        {
            return null;
        }

        Dictionary<Register, List<(int Offset, int Size)>> reads = [];
        foreach (Instruction instruction in X64Code.Decode(elf, symbol.Address, symbol.Size is > 0 and <= MostBytes ? (int)symbol.Size : MostBytes))
        {
            int size = instruction.MemorySize.GetSize();
            if (instruction.Op0Kind == OpKind.Register && instruction.Op1Kind == OpKind.Memory && size is 8 or 16 or 32
                && instruction.Mnemonic is Mnemonic.Mov or Mnemonic.Movups or Mnemonic.Movupd or Mnemonic.Movaps or Mnemonic.Movdqu or Mnemonic.Movdqa
                    or Mnemonic.Vmovdqu or Mnemonic.Vmovups
                && instruction.MemoryIndex == Register.None && instruction.MemoryBase is not (Register.RSP or Register.RIP or Register.None)
                && (long)instruction.MemoryDisplacement64 is >= LeastOffset and <= int.MaxValue)
            {
                if (!reads.TryGetValue(instruction.MemoryBase, out List<(int, int)>? list))
                {
                    reads[instruction.MemoryBase] = list = [];
                }

                list.Add(((int)instruction.MemoryDisplacement64, size));
            }
        }

        int[] found = [.. reads.Values.SelectMany(FirstHalves).Distinct()];
        return found.Length == 1 ? new FieldLocation(-1, found[0]) : null;
    }

    // 64 bytes that are read without a gap; which half of them was read first.
    private static IEnumerable<int> FirstHalves(List<(int Offset, int Size)> reads)
    {
        foreach ((int start, _) in reads)
        {
            int end = start;
            while (reads.Find(r => r.Offset == end) is { Size: > 0 } next && end < start + (2 * RandomBytes))
            {
                end += next.Size;
            }

            if (end == start + (2 * RandomBytes))
            {
                int first = reads.Find(r => r.Offset >= start && r.Offset < end).Offset;
                yield return first < start + RandomBytes ? start : start + RandomBytes;
            }
        }
    }
}
