using ECapture.Capture.Bpf;
using ECapture.Capture.Elf;
using ECapture.Capture.Modules.Shells;
using ECapture.Events;

namespace ECapture.Capture.Modules.Bash;

/// <summary>bash: its line editor is readline, inside its own program.</summary>
internal sealed class BashShell : Shell
{
    private const int MostPrograms = 256; // entries of the map bash_programs
    private uint _programs;
    private bool _hasLibraries;

    internal override string Name => Topics.Bash;

    internal override uint Kind => ShellKinds.Bash;

    internal override ushort FirstRecord => 16;

    internal override bool Owns(uint kind) => kind is not (0 or ShellKinds.Zsh);

    internal override IReadOnlyList<string> ExtraPrograms(CaptureOptions options) => options.BashPrograms;

    internal override void CheckLayouts(BtfTypes types) => RecordLayout.Check<BashVariables>(types);

    internal override string Attach(BpfObject obj, string file)
    {
        if (!BashProgram.TryRead(file, out BashProgram? program, out string reason))
        {
            return _hasLibraries ? "" : reason;
        }

        if (_programs >= MostPrograms)
        {
            return $"there are more than {MostPrograms} different bash programs";
        }

        Attach(obj, file, program);
        return "";
    }

    internal override bool AttachLibraries(BpfObject obj, CaptureOptions options)
    {
        foreach (string path in options.ReadlineLibraries)
        {
            using ElfFile elf = ElfFile.Open(path);
            if (!elf.TryGetSymbolOffset("readline", out ulong readline))
            {
                throw new CaptureException($"{path} has no function readline: give the library that bash is linked to (ldd shows it)") { IsUsage = true };
            }

            // Where bash keeps $? cannot be told from a library: lines come without their exit status.
            Attach(obj, path, new BashProgram(readline, readline, default));
            _hasLibraries = true;
        }

        return _hasLibraries;
    }

    private void Attach(BpfObject obj, string file, BashProgram program)
    {
        uint cookie = _programs++;
        obj.Maps["bash_programs"].Set(cookie, program.Variables);
        obj.AttachUprobes("on_line", file, [new UprobePoint(program.LineOffset, cookie)], isReturn: true);
        obj.AttachUprobes("on_prompt", file, [new UprobePoint(program.ReadlineOffset, cookie)]);
    }
}
