using ECapture.Capture.Elf;
using Iced.Intel;

namespace ECapture.Capture.Symbols;

/// <summary>Reads x86-64 instructions of a file.</summary>
internal static class X64Code
{
    /// <summary>The instructions from an address on, up to a number of bytes, the end of the mapped part, or bytes that are no instruction.</summary>
    /// <exception cref="CaptureException">Reading fails.</exception>
    internal static IEnumerable<Instruction> Decode(ElfFile elf, ulong address, int mostBytes)
    {
        byte[] code = new byte[mostBytes];
        ByteArrayCodeReader reader = new(code, 0, elf.ReadAddress(address, code));
        Decoder decoder = Decoder.Create(64, reader, address);
        while (reader.CanReadByte)
        {
            decoder.Decode(out Instruction instruction);
            if (instruction.IsInvalid)
            {
                yield break;
            }

            yield return instruction;
        }
    }

    /// <summary>True when an instruction changes a register, or may do so.</summary>
    internal static bool Writes(InstructionInfoFactory info, in Instruction instruction, Register register)
    {
        foreach (UsedRegister used in info.GetInfo(instruction).GetUsedRegisters())
        {
            if (used.Register.GetFullRegister() == register
                && used.Access is OpAccess.Write or OpAccess.ReadWrite or OpAccess.CondWrite or OpAccess.ReadCondWrite)
            {
                return true;
            }
        }

        return false;
    }
}
