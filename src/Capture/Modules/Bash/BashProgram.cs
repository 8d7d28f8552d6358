using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Elf;

namespace ECapture.Capture.Modules.Bash;

/// <summary>Places of variables, counted from readline: <c>struct bash_program</c> of bpf/bash.bpf.c.</summary>
[CRecord("bash_program")]
[StructLayout(LayoutKind.Sequential)]
internal struct BashVariables
{
    internal long ExitValue;
    internal long ExitSignal;
    internal long Prompt;
    internal long PromptText;
    internal long Ps2;
}

/// <summary>What to attach to in a bash program file.</summary>
internal sealed record BashProgram(ulong ReadlineOffset, ulong LineOffset, BashVariables Variables)
{
    /// <summary>Reads a program's symbols.</summary>
    /// <param name="path">The file.</param>
    /// <param name="program">What to attach to.</param>
    /// <param name="reason">Why lines cannot be read from it.</param>
    internal static bool TryRead(string path, [NotNullWhen(true)] out BashProgram? program, out string reason)
    {
        program = null;
        reason = "";
        try
        {
            using ElfFile elf = ElfFile.Open(path);
            if (!elf.TryGetSymbolOffset("readline", out ulong readline) || !elf.TryGetSymbol("readline", out ElfSymbol symbol))
            {
                reason = "it has no function readline of its own: lines typed into it are not seen, commands that it starts are";
                return false;
            }

            long Place(string name) => elf.TryGetSymbol(name, out ElfSymbol found) ? (long)(found.Address - symbol.Address) : 0;
            program = new BashProgram(
                readline,
                elf.TryGetSymbolOffset("readline_internal_teardown", out ulong teardown) ? teardown : readline,
                new BashVariables
                {
                    ExitValue = Place("last_command_exit_value"),
                    ExitSignal = Place("last_command_exit_signal"),
                    Prompt = Place("current_readline_prompt"),
                    PromptText = Place("current_prompt_string"),
                    Ps2 = Place("ps2_prompt"),
                });
            return true;
        }
        catch (CaptureException e)
        {
            reason = e.Message;
            return false;
        }
    }
}
