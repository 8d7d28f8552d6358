using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Shells;
using ECapture.Events;

namespace ECapture.Capture.Modules.Bash;

/// <summary>bash: its line editor is readline, inside its own program.</summary>
internal sealed class BashShell : Shell
{
    private const int MostPrograms = 256; // entries of the map bash_programs
    private uint _programs;

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
            return reason;
        }

        if (_programs >= MostPrograms)
        {
            return $"there are more than {MostPrograms} different bash programs";
        }

        uint cookie = _programs++;
        obj.Maps["bash_programs"].Set(cookie, program.Variables);
        obj.AttachUprobes("on_line", file, [new UprobePoint(program.LineOffset, cookie)], isReturn: true);
        obj.AttachUprobes("on_prompt", file, [new UprobePoint(program.ReadlineOffset, cookie)]);
        return "";
    }
}
