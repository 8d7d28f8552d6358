using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Shells;
using ECapture.Events;

namespace ECapture.Capture.Modules.Zsh;

/// <summary>zsh: its line editor is a library that its program asks for lines.</summary>
internal sealed class ZshShell : Shell
{
    private const int MostCalls = 256; // entries of the map zsh_calls
    private uint _calls;

    internal override string Name => Topics.Zsh;

    internal override uint Kind => ShellKinds.Zsh;

    internal override ushort FirstRecord => 32;

    internal override bool Owns(uint kind) => kind == ShellKinds.Zsh;

    internal override IReadOnlyList<string> ExtraPrograms(CaptureOptions options) => options.ZshPrograms;

    internal override void CheckLayouts(BtfTypes types) => RecordLayout.Check<ZshCall>(types);

    internal override string Attach(BpfObject obj, string file)
    {
        if (!ZshProgram.TryRead(file, out ZshProgram? program, out string reason))
        {
            return reason;
        }

        if (_calls + program.Calls.Count > MostCalls)
        {
            return "there are too many different zsh programs";
        }

        List<UprobePoint> prompts = [];
        List<UprobePoint> lines = [];
        foreach (ZshReadCall call in program.Calls)
        {
            uint cookie = _calls++;
            obj.Maps["zsh_calls"].Set(cookie, new ZshCall { ExitValue = call.ExitValue });
            prompts.Add(new UprobePoint(call.Offset, cookie));
            lines.Add(new UprobePoint(call.NextOffset, cookie));
        }

        obj.AttachUprobes("on_line", file, CollectionsMarshal.AsSpan(lines));
        obj.AttachUprobes("on_prompt", file, CollectionsMarshal.AsSpan(prompts));
        return "";
    }

    internal override byte[] Decode(byte[] text) => ZshText.Unmetafy(text);
}
