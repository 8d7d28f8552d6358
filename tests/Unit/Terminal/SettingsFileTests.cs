using System.Collections.Concurrent;
using ECapture.Capture.Bpf;
using ECapture.Capture.Filters;
using ECapture.Terminal.Remote;
using ECapture.Terminal.Text;

namespace ECapture.Tests.Unit.Terminal;

/// <summary>The configuration as a file: the fields and checks of HTTP, applied when it changes, whole or not at all.</summary>
public sealed class SettingsFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-settings-");
    private readonly BlockingCollection<string> _changes = [];
    private readonly BlockingCollection<string> _said = [];
    private readonly RunningSettings _settings;
    private readonly string _path;
    private volatile RemoteSettings? _applied;

    public SettingsFileTests()
    {
        _path = Path.Combine(_folder.FullName, "settings.json");
        _settings = new RunningSettings(
            "bash",
            new RemoteSettings(CaptureRules.All, new TextOptions(false, 9, false)),
            new StartedWith(),
            m => new KernelFit(m == BtfMode.None ? ObjectSet.Plain : ObjectSet.Kernel, null, ""),
            s =>
            {
                _applied = s;
                return Task.CompletedTask;
            },
            _changes.Add);
    }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _settings.Dispose();
        _changes.Dispose();
        _said.Dispose();
    }

    [Fact]
    public void Edit_InPlaceOrByRename_IsAppliedAndWhatItDoesNotNameIsAsAtTheStart()
    {
        File.WriteAllText(_path, """{"hex":true,"errno":3,"filters":{"target_process":["a"]}}""");
        using SettingsFile file = SettingsFile.Open(_path, _settings, _said.Add);
        Assert.Equal((true, 9, 3, "a"), (_applied!.Text.Hex, _applied.Text.MostBytes, _applied.ExitStatus, Assert.Single(_applied.Rules.Names)));
        Take(_changes);

        File.WriteAllText(_path, """{"btf":2}""");
        Take(_changes);
        Assert.Equal(BtfMode.None, _applied!.Objects);

        File.WriteAllText(_path, """{"truncate_size":5}""");
        Assert.StartsWith($"configuration changed by {_path}: ", Take(_changes), StringComparison.Ordinal);
        Assert.Equal((false, 5, null, BtfMode.Types), (_applied!.Text.Hex, _applied.Text.MostBytes, _applied.ExitStatus, _applied.Objects));
        Assert.Empty(_applied.Rules.Names);

        File.WriteAllText(_path + ".new", """{"truncate_size":6}""");
        File.Move(_path + ".new", _path, overwrite: true);
        Take(_changes);
        Assert.Equal(6, _applied!.Text.MostBytes);
        Assert.Empty(_said);
    }

    [Theory]
    [InlineData("{\n \"hex\": true,\n \"pidd\": 1\n}", "line 3", "unknown field pidd; did you mean pid?")]
    [InlineData("{\n \"truncate_size\": -1\n}", "line 2", "truncate_size")]
    [InlineData("{\n \"filters\": {\n  \"uids\": [1],\n  \"ports\": [\"x\"] } }", "line 4", "filters.ports")]
    [InlineData("{\n \"hex\": true,\n \"hex\": true\n}", "line 3", "twice")]
    [InlineData("{\n \"hex\": tru\n}", "line 2", "no JSON")]
    [InlineData("[]", "", "one JSON object")]
    public void Edit_Wrong_IsRefusedWithLineAndFieldAndWhatHeldGoesOn(string text, string line, string why)
    {
        File.WriteAllText(_path, """{"truncate_size":4}""");
        using SettingsFile file = SettingsFile.Open(_path, _settings, _said.Add);
        RemoteSettings before = _applied!;

        File.WriteAllText(_path, text);

        string said = Take(_said);
        Assert.StartsWith($"{_path}{(line.Length > 0 ? " " + line : "")}: ", said, StringComparison.Ordinal);
        Assert.Contains(why, said, StringComparison.Ordinal);
        Assert.EndsWith("what held goes on", said, StringComparison.Ordinal);
        Assert.Same(before, _applied);

        File.WriteAllText(_path, """{"truncate_size":8}""");
        Take(_changes);
        Take(_changes);
        Assert.Equal(8, _applied!.Text.MostBytes);
    }

    [Fact]
    public void Open_WrongOrMissing_Throws()
    {
        Assert.Throws<FileNotFoundException>(() => SettingsFile.Open(_path, _settings, _said.Add));
        File.WriteAllText(_path, "{\"hex\":1}");
        Assert.Contains("line 1", Assert.Throws<FormatException>(() => SettingsFile.Open(_path, _settings, _said.Add)).Message, StringComparison.Ordinal);
        File.WriteAllText(_path, new string(' ', 70_000));
        Assert.Contains("larger", Assert.Throws<FormatException>(() => SettingsFile.Open(_path, _settings, _said.Add)).Message, StringComparison.Ordinal);
        Assert.Null(_applied);
    }

    private static string Take(BlockingCollection<string> from) =>
        from.TryTake(out string? taken, TimeSpan.FromSeconds(90)) ? taken : throw new TimeoutException("the edit was not noticed within 90 s");
}
