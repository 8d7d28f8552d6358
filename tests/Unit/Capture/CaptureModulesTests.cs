using ECapture.Capture;
using ECapture.Capture.Modules;

namespace ECapture.Tests.Unit.Capture;

public sealed class CaptureModulesTests
{
    [Theory]
    [InlineData("packets", "packet")]
    [InlineData("pakcet", "packet")]
    public void Create_NearlyAModule_NamesIt(string name, string nearest)
    {
        CaptureException e = Assert.Throws<CaptureException>(() => CaptureModules.Create(name));
        Assert.True(e.IsUsage);
        Assert.StartsWith($"there is no module {name} (did you mean {nearest}?)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_NothingLikeIt_ListsAll()
    {
        CaptureException e = Assert.Throws<CaptureException>(() => CaptureModules.Create("qwxyzqwxyzq"));
        Assert.DoesNotContain("did you mean", e.Message, StringComparison.Ordinal);
        Assert.All(CaptureModules.Names, n => Assert.Contains(n, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Create_EveryName_ModuleOfThatName()
    {
        Assert.NotEmpty(CaptureModules.Names);
        foreach (string name in CaptureModules.Names)
        {
            using IModule module = CaptureModules.Create(name);
            Assert.Equal(name, module.Name);
        }
    }
}
