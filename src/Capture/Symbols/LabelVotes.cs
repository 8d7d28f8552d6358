using ECapture.Capture.Elf;
using Iced.Intel;

namespace ECapture.Capture.Symbols;

/// <summary>
/// Scans x86-64 code for places that put a label's address into the second argument register; the first call behind such a place, with no
/// branch between, is a vote for its target.
/// </summary>
internal static class LabelVotes
{
    private const int PieceBytes = 1 << 20;
    private const int Overlap = 16;
    private const int MostInstructions = 16;
    private const int WindowBytes = 160;

    /// <summary>Votes by address of the called function: weights per label, each label once per place.</summary>
    internal static Dictionary<ulong, Tally> Count(ElfFile elf, IReadOnlyDictionary<ulong, string> labels)
    {
        Dictionary<ulong, Tally> votes = [];
        byte[] piece = new byte[PieceBytes + Overlap];
        foreach (ElfSegment segment in elf.Segments)
        {
            if (!segment.IsLoaded || !segment.IsExecutable)
            {
                continue;
            }

            for (ulong at = 0; at < segment.FileSize; at += PieceBytes)
            {
                int length = elf.ReadUpTo(segment.Offset + at, piece.AsSpan(0, (int)Math.Min((ulong)piece.Length, segment.FileSize - at)));
                ReadOnlySpan<byte> code = piece.AsSpan(0, length);
                FindRelative(elf, code, segment.Address + at, labels, votes);
                if (!elf.IsPositionIndependent)
                {
                    FindAbsolute(elf, code, segment.Address + at, labels, votes);
                }
            }
        }

        return votes;
    }

    // lea rsi,[rip+d32] is 48 8d 35 d32
    private static void FindRelative(
        ElfFile elf, ReadOnlySpan<byte> code, ulong address, IReadOnlyDictionary<ulong, string> labels, Dictionary<ulong, Tally> votes)
    {
        const int Length = 7;
        int from = 0;
        while (from < Math.Min(code.Length - Length + 1, PieceBytes) && code[from..].IndexOf((ReadOnlySpan<byte>)[0x48, 0x8d, 0x35]) is >= 0 and int step)
        {
            int at = from + step;
            if (at + Length > code.Length || at >= PieceBytes)
            {
                break;
            }

            ulong next = address + (ulong)at + Length;
            ulong target = next + (ulong)(long)BitConverter.ToInt32(code[(at + 3)..]);
            if (labels.TryGetValue(target, out string? label))
            {
                Vote(elf, next, label, votes);
            }

            from = at + 1;
        }
    }

    // mov esi,imm32 is be imm32; only programs that are not relocated can use it
    private static void FindAbsolute(
        ElfFile elf, ReadOnlySpan<byte> code, ulong address, IReadOnlyDictionary<ulong, string> labels, Dictionary<ulong, Tally> votes)
    {
        const int Length = 5;
        int from = 0;
        while (from < Math.Min(code.Length - Length + 1, PieceBytes) && code[from..].IndexOf((byte)0xbe) is >= 0 and int step)
        {
            int at = from + step;
            if (at + Length > code.Length || at >= PieceBytes)
            {
                break;
            }

            if (labels.TryGetValue(BitConverter.ToUInt32(code[(at + 1)..]), out string? label))
            {
                Vote(elf, address + (ulong)at + Length, label, votes);
            }

            from = at + 1;
        }
    }

    private static void Vote(ElfFile elf, ulong address, string label, Dictionary<ulong, Tally> votes)
    {
        InstructionInfoFactory info = new();
        foreach (Instruction instruction in X64Code.Decode(elf, address, WindowBytes).Take(MostInstructions))
        {
            if (instruction.IsCallNear)
            {
                ulong target = instruction.NearBranchTarget;
                Tally tally = votes.TryGetValue(target, out Tally? known) ? known : votes[target] = new Tally();
                tally.Add(label);
                return;
            }

            if (instruction.FlowControl != FlowControl.Next || X64Code.Writes(info, instruction, Register.RSI))
            {
                return;
            }
        }
    }

    /// <summary>The votes for one function.</summary>
    internal sealed class Tally
    {
        private readonly HashSet<string> _labels = [];

        /// <summary>Sum of the weights of all places.</summary>
        internal int Weight { get; private set; }

        /// <summary>Labels that were passed to it.</summary>
        internal IReadOnlyCollection<string> Labels => _labels;

        internal void Add(string label)
        {
            _labels.Add(label);
            Weight += KeyLogLabels.Weight(label);
        }
    }
}
