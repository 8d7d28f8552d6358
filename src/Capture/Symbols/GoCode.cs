using ECapture.Capture.Elf;
using Iced.Intel;

namespace ECapture.Capture.Symbols;

/// <summary>Finds the places of a Go function that probes can stand on (x86-64, Go's register ABI).</summary>
internal static class GoCode
{
    private const ulong MostBytes = 1 << 20; // of a function
    private const int CheckInstructions = 8;
    private const ulong StackGuard = 16; // g.stackguard0

    /// <summary>
    /// The instruction behind the check for stack space, which begins a function: when the stack must grow, what stands before it runs
    /// twice. The arguments are still in their registers there.
    /// </summary>
    /// <returns>Null when the function does not begin with such a check.</returns>
    internal static ulong? BehindStackCheck(ElfFile elf, in GoFunction function)
    {
        bool compared = false;
        int left = CheckInstructions;
        foreach (Instruction instruction in Decode(elf, function))
        {
            if (compared && instruction.FlowControl == FlowControl.ConditionalBranch)
            {
                return instruction.NextIP;
            }

            compared = instruction.Mnemonic == Mnemonic.Cmp && instruction.MemoryBase == Register.R14
                && instruction.MemoryDisplacement64 == StackGuard && instruction.MemoryIndex == Register.None;
            if (--left == 0 || instruction.FlowControl is FlowControl.Call or FlowControl.Return or FlowControl.UnconditionalBranch)
            {
                break;
            }
        }

        return null;
    }

    /// <summary>The return instructions of a function.</summary>
    internal static IReadOnlyList<ulong> Returns(ElfFile elf, in GoFunction function)
    {
        List<ulong> found = [];
        foreach (Instruction instruction in Decode(elf, function))
        {
            if (instruction.FlowControl == FlowControl.Return)
            {
                found.Add(instruction.IP);
            }
        }

        return found;
    }

    /// <summary>
    /// True when a function begins with putting its first three arguments where its caller left room for them (Go's internal ABI: the spill area above the return address), so that
    /// they can be read there when it returns.
    /// </summary>
    internal static bool KeepsArguments(ElfFile elf, in GoFunction function)
    {
        const int Word = 8;
        ulong frame = 0; // bytes between the stack pointer and the return address
        List<(Register Argument, ulong At)> stored = [];
        foreach (Instruction i in Decode(elf, function))
        {
            if (i.FlowControl is FlowControl.Call or FlowControl.Return or FlowControl.UnconditionalBranch)
            {
                break;
            }

            if (i.Mnemonic == Mnemonic.Push)
            {
                frame += Word;
            }
            else if (i.Mnemonic == Mnemonic.Sub && i.Op0Register == Register.RSP)
            {
                frame += i.GetImmediate(1);
            }
            else if (i.Mnemonic == Mnemonic.Add && i.Op0Register == Register.RSP)
            {
                frame -= i.GetImmediate(1);
            }
            else if (i.Mnemonic == Mnemonic.Mov && i.Op0Kind == OpKind.Memory && i.MemoryBase == Register.RSP && i.MemoryIndex == Register.None)
            {
                stored.Add((i.Op1Register, i.MemoryDisplacement64 - frame));
            }
        }

        return stored.Contains((Register.RAX, Word)) && stored.Contains((Register.RBX, 2 * Word)) && stored.Contains((Register.RCX, 3 * Word));
    }

    private static IEnumerable<Instruction> Decode(ElfFile elf, in GoFunction function) =>
        elf.TryGetCodeOffset(function.Address, out _) ? X64Code.Decode(elf, function.Address, (int)Math.Min(function.Size, MostBytes)) : [];
}
