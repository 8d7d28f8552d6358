using ECapture.Capture;
using ECapture.Capture.Bpf;

namespace ECapture.Tests.Unit.Capture.Bpf;

public sealed class KernelFitTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-types-").FullName;

    private string Nowhere => Path.Combine(_folder, "no-such-types");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Choose_AutoWithoutKernelTypes_TakesTheObjectsWithoutThem()
    {
        KernelFit fit = KernelFit.Choose(BtfMode.Auto, null, Nowhere);
        Assert.Equal((ObjectSet.Plain, null), (fit.Set, fit.TypesFile));
        Assert.Contains(Nowhere, fit.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_AutoWithoutKernelTypesWithFile_TakesTheFile()
    {
        string file = Types("task_struct");
        Assert.Equal((ObjectSet.File, file), Choice(BtfMode.Auto, file, Nowhere));
    }

    [Fact]
    public void Choose_AutoWithKernelTypes_TakesThemWhateverFileThereIs()
    {
        string kernel = Path.Combine(_folder, "kernel");
        File.WriteAllText(kernel, "… btf_trace_sock_send_length …");
        Assert.Equal((ObjectSet.Kernel, null), Choice(BtfMode.Auto, Types("task_struct"), kernel));
    }

    [Fact]
    public void Choose_AutoWithTypesOfAnOlderKernel_TakesTheObjectsWithoutThemAndSaysWhy()
    {
        string kernel = Path.Combine(_folder, "kernel");
        File.WriteAllText(kernel, "… btf_trace_inet_sock_set_state …");
        KernelFit fit = KernelFit.Choose(BtfMode.Auto, null, kernel);
        Assert.Equal(ObjectSet.Plain, fit.Set);
        Assert.Contains("6.3", fit.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Choose_Types_TakesTheFileElseTheKernels()
    {
        string kernel = Path.Combine(_folder, "kernel");
        File.WriteAllText(kernel, "");
        string file = Types("task_struct");
        Assert.Equal((ObjectSet.File, file), Choice(BtfMode.Types, file, kernel));
        Assert.Equal((ObjectSet.Kernel, null), Choice(BtfMode.Types, null, kernel));
    }

    [Fact]
    public void Choose_None_TakesTheObjectsWithoutTypes() => Assert.Equal((ObjectSet.Plain, null), Choice(BtfMode.None, null, KernelFit.KernelPath));

    [Theory]
    [InlineData(BtfMode.Types, false, "CONFIG_DEBUG_INFO_BTF=y")]
    [InlineData(BtfMode.None, true, "leave one of the two out")]
    public void Choose_WhatIsNotThereOrContradicts_IsRefusedWithWhatToDo(BtfMode mode, bool withFile, string advice)
    {
        CaptureException refused = Assert.Throws<CaptureException>(() => KernelFit.Choose(mode, withFile ? Types("task_struct") : null, Nowhere));
        Assert.True(refused.IsUsage);
        Assert.Contains(advice, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public void Choose_FileThatIsNoKernelsTypes_IsRefusedByName()
    {
        string text = Path.Combine(_folder, "text");
        File.WriteAllText(text, "no types at all");
        foreach ((string file, string why) in ((string, string)[])[(text, "no BTF"), (Types("other_struct"), "no task_struct"), (Nowhere, "no such file")])
        {
            CaptureException refused = Assert.Throws<CaptureException>(() => KernelFit.Choose(BtfMode.Auto, file));
            Assert.True(refused.IsUsage);
            Assert.Contains($"{file}: ", refused.Message, StringComparison.Ordinal);
            Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        }
    }

    private static (ObjectSet, string?) Choice(BtfMode mode, string? file, string kernel)
    {
        KernelFit fit = KernelFit.Choose(mode, file, kernel);
        return (fit.Set, fit.TypesFile);
    }

    private string Types(string name)
    {
        string file = Path.Combine(_folder, name);
        File.WriteAllBytes(file, Btf.Struct(name, 0));
        return file;
    }
}
