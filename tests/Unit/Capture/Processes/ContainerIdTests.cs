using System.Text;
using ECapture.Capture.Modules.Processes;

namespace ECapture.Tests.Unit.Capture.Processes;

public sealed class ContainerIdTests
{
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("/docker/" + Id, Id)]
    [InlineData("/system.slice/docker-" + Id + ".scope", Id)]
    [InlineData("/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + Id + ".scope", Id)]
    [InlineData("/machine.slice/libpod-" + Id + ".scope/container", Id)]
    [InlineData("/" + Id + "0", "")]
    [InlineData("/user.slice/session-1.scope", "")]
    [InlineData("/", "")]
    [InlineData("", "")]
    public void Find_ControlGroup_TellsTheContainer(string cgroup, string expected) =>
        Assert.Equal(expected, ContainerId.Find(Encoding.ASCII.GetBytes(cgroup)));
}
