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

    private static IEnumerable<Instruction> Decode(ElfFile elf, in GoFunction function) =>
        elf.TryGetCodeOffset(function.Address, out _) ? X64Code.Decode(elf, function.Address, (int)Math.Min(function.Size, MostBytes)) : [];
}
