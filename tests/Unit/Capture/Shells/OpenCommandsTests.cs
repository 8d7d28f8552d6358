using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Shells;

namespace ECapture.Tests.Unit.Capture.Shells;

public sealed class OpenCommandsTests
{
    private static readonly RecordHeader s_shell = new() { Pid = 1, ProcessStart = 10 };
    private static readonly RecordHeader s_reused = new() { Pid = 1, ProcessStart = 20 };
    private readonly OpenCommands _open = new(3);

    [Fact]
    public void TakeLines_AtAPrompt_LeavesTheProcessItself()
    {
        _open.Add(s_shell, new OpenCommand(1, 5, IsLine: false));
        _open.Add(s_shell, new OpenCommand(2, 6, IsLine: true));
        _open.Add(s_shell, new OpenCommand(3, 7, IsLine: true));

        Assert.Equal([2UL, 3UL], _open.TakeLines(s_shell).Select(c => c.Id));
        Assert.Empty(_open.TakeLines(s_shell));
        Assert.Equal([1UL], _open.TakeAll(s_shell).Select(c => c.Id));
    }

    [Fact]
    public void TakeAll_SamePidOfAnotherProcess_IsNotIt()
    {
        _open.Add(s_shell, new OpenCommand(1, 5, IsLine: false));
        Assert.Empty(_open.TakeAll(s_reused));
        Assert.Single(_open.TakeAll(s_shell));
    }

    [Fact]
    public void Add_BeyondTheLimit_IsRefusedUntilOneEnds()
    {
        for (uint i = 0; i < 3; i++)
        {
            Assert.True(_open.Add(new RecordHeader { Pid = i }, new OpenCommand(i, 0, false)));
        }

        Assert.False(_open.Add(s_shell, new OpenCommand(9, 0, false)));
        _open.Forget(pid => pid == 2);
        Assert.True(_open.Add(s_shell, new OpenCommand(9, 0, false)));
    }
}
