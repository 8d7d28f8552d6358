using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using ECapture.Capture.Elf;
using ECapture.Capture.Symbols;
using Iced.Intel;

namespace ECapture.Capture.Modules.Zsh;

/// <summary>A place where zsh asks its line editor for a line.</summary>
/// <param name="Offset">Of the call in the file.</param>
/// <param name="NextOffset">Of the instruction behind it.</param>
/// <param name="ExitValue">Where <c>lastval</c> is, counted from the call; 0: not known.</param>
internal readonly record struct ZshReadCall(ulong Offset, ulong NextOffset, long ExitValue);

/// <summary>
/// What to attach to in a zsh program file: the calls of <c>zleentry</c> (exported for zsh's modules, so that stripped programs have it too) that are
/// handed ZLE_CMD_READ.
/// </summary>
internal sealed record ZshProgram(IReadOnlyList<ZshReadCall> Calls)
{
    private const int PieceBytes = 1 << 20;
    private const int CallBytes = 5; // e8 and a distance
    private const int WindowBytes = 48; // before a call, in which its first argument is set
    private const int MostCalls = 8;

    /// <summary>Reads a program's symbols and code.</summary>
    /// <param name="path">The file.</param>
    /// <param name="program">What to attach to.</param>
    /// <param name="reason">Why lines cannot be read from it.</param>
    /// <exception cref="CaptureException">The file cannot be read.</exception>
    internal static bool TryRead(string path, [NotNullWhen(true)] out ZshProgram? program, out string reason)
    {
        program = null;
        reason = "";
        using ElfFile elf = ElfFile.Open(path);
        if (elf.Machine != ElfMachine.X64)
        {
            reason = $"code of processor {elf.Machine} is not read yet: lines typed into it are not seen, commands that it starts are";
        }
        else if (!elf.TryGetSymbol("zleentry", out ElfSymbol entry))
        {
            reason = "it does not export zleentry: lines typed into it are not seen, commands that it starts are";
        }
        else
        {
            ulong lastValue = elf.TryGetSymbol("lastval", out ElfSymbol found) ? found.Address : 0;
            ZshReadCall[] calls = [.. FindCalls(elf, entry.Address).Take(MostCalls).Select(a => Call(elf, a, lastValue))];
            program = calls.Length > 0 ? new ZshProgram(calls) : null;
            reason = calls.Length > 0 ? "" : "no call of zleentry reads a line: lines typed into it are not seen, commands that it starts are";
        }

        return program is not null;
    }

    private static ZshReadCall Call(ElfFile elf, ulong address, ulong lastValue)
    {
        _ = elf.TryGetCodeOffset(address, out ulong offset);
        return new ZshReadCall(offset, offset + CallBytes, lastValue == 0 ? 0 : (long)(lastValue - address));
    }

    private static IEnumerable<ulong> FindCalls(ElfFile elf, ulong target)
    {
        byte[] piece = new byte[WindowBytes + PieceBytes + CallBytes];
        foreach (ElfSegment segment in elf.Segments.Where(s => s.IsLoaded && s.IsExecutable))
        {
            for (ulong at = 0; at < segment.FileSize; at += PieceBytes)
            {
                ulong from = at - Math.Min(at, WindowBytes);
                int length = elf.ReadUpTo(segment.Offset + from, piece.AsSpan(0, (int)Math.Min((ulong)piece.Length, segment.FileSize - from)));
                foreach (int call in CallsIn(piece.AsMemory(0, length), (int)(at - from), segment.Address + from, target))
                {
                    yield return segment.Address + from + (ulong)call;
                }
            }
        }
    }

    private static IEnumerable<int> CallsIn(ReadOnlyMemory<byte> code, int start, ulong address, ulong target)
    {
        for (int i = start; i + CallBytes <= code.Length && i < start + PieceBytes; i++)
        {
            ReadOnlySpan<byte> here = code.Span[i..];
            if (here[0] == 0xe8
                && address + (ulong)i + CallBytes + (ulong)(long)BinaryPrimitives.ReadInt32LittleEndian(here[1..]) == target
                && ReadsLine(code.Span[Math.Max(0, i - WindowBytes)..i]))
            {
                yield return i;
            }
        }
    }

    // mov edi,1 (ZLE_CMD_READ) and then straight to the call.
    private static bool ReadsLine(ReadOnlySpan<byte> before)
    {
        int at = before.LastIndexOf((ReadOnlySpan<byte>)[0xbf, 1, 0, 0, 0]);
        if (at < 0)
        {
            return false;
        }

        byte[] code = before[at..].ToArray();
        ByteArrayCodeReader reader = new(code);
        Decoder decoder = Decoder.Create(64, reader);
        InstructionInfoFactory info = new();
        decoder.Decode(out _);
        while (reader.CanReadByte)
        {
            decoder.Decode(out Instruction instruction);
            if (instruction.IsInvalid || instruction.FlowControl != FlowControl.Next || X64Code.Writes(info, instruction, Register.RDI))
            {
                return false;
            }
        }

        return decoder.IP == (ulong)code.Length;
    }
}
