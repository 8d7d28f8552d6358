using ECapture.Capture.Elf;
using Iced.Intel;

namespace ECapture.Capture.Symbols;

/// <summary>
/// Finds the inner function that an exported one is a wrapper of. Code inside a library calls the inner function past its exports; a probe on it sees
/// these calls, too. It has no name in stripped files: it is the only function that the wrapper calls, and its sibling calls it as well.
/// </summary>
internal static class WrappedCall
{
    private const int WrapperBytes = 64; // a function that does more than call another is longer
    private const int SiblingBytes = 512;

    /// <summary>The address of the inner function.</summary>
    /// <param name="elf">The file.</param>
    /// <param name="wrapper">Symbol of the function that only calls it.</param>
    /// <param name="sibling">Symbol of another one that calls it.</param>
    /// <returns>Null when the code is of another form: the compiler has put the inner function into the wrappers.</returns>
    internal static ulong? Find(ElfFile elf, string wrapper, string sibling)
    {
        if (elf.Machine != ElfMachine.X64
            || !elf.TryGetSymbol(wrapper, out ElfSymbol small) || !small.IsFunction || small.Size is 0 or > WrapperBytes
            || !elf.TryGetSymbol(sibling, out ElfSymbol large) || !large.IsFunction || large.Size is 0 or > SiblingBytes)
        {
            return null;
        }

        HashSet<ulong> called = Calls(elf, small);
        return called.Count == 1 && called.Single() is ulong inner && Calls(elf, large).Contains(inner) && !IsStub(elf, inner) ? inner : null;
    }

    private static HashSet<ulong> Calls(ElfFile elf, in ElfSymbol function)
    {
        HashSet<ulong> targets = [];
        foreach (Instruction instruction in X64Code.Decode(elf, function.Address, (int)function.Size))
        {
            if (instruction.IsCallNear)
            {
                targets.Add(instruction.NearBranchTarget);
            }
        }

        return targets;
    }

    // A place of the procedure linkage table, which leads out of the file.
    private static bool IsStub(ElfFile elf, ulong address)
    {
        const int StubBytes = 16;
        foreach (Instruction instruction in X64Code.Decode(elf, address, StubBytes))
        {
            if (instruction.FlowControl != FlowControl.Next)
            {
                return instruction.FlowControl == FlowControl.IndirectBranch;
            }
        }

        return false;
    }
}
