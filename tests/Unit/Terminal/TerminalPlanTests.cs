using System.Collections;
using System.CommandLine;
using ECapture.Capture;
using ECapture.Cli;
using ECapture.Cli.Commands;
using ECapture.Cli.Options;

namespace ECapture.Tests.Unit.Terminal;

/// <summary>What eCapture's flags mean here, as far as it shows before anything is attached.</summary>
public sealed class TerminalPlanTests
{
    private static readonly string s_file = typeof(TerminalPlanTests).Assembly.Location; // a file that there is

    [Theory]
    [InlineData("tls -d --ssl_version 1.1.1 --cgroup_path /sys/fs/cgroup", 2)]
    [InlineData("mysqld -d -f dispatch_command --offset 0x710410", 2)]
    [InlineData("postgres -d -f exec_simple_query", 1)]
    public void Read_FlagsThatAreNotNeeded_AreAcceptedWithANote(string arguments, int notes)
    {
        TerminalPlan plan = Read(arguments.Split(' '));
        Assert.Equal(notes, plan.Notes.Count);
        Assert.All(plan.Notes, n => Assert.Contains("is not needed and has no effect", n, StringComparison.Ordinal));
        Assert.True(plan.IsDebug);
    }

    [Fact]
    public void Read_LibrariesAndPrograms_AreOneMoreTarget()
    {
        CaptureOptions Of(params string[] arguments) => Read(arguments).Capture;
        Assert.Equal([s_file], Of("tls", "--libssl", s_file).TlsLibraries);
        Assert.Equal([s_file], Of("gnutls", "--gnutls", s_file).GnuTlsLibraries);
        Assert.Equal([s_file], Of("nss", "--nspr", s_file).NssLibraries);
        Assert.Equal([s_file], Of("gotls", "-e", s_file).GoPrograms);
        Assert.Equal([s_file], Of("bash", "--bash", s_file).BashPrograms);
        Assert.Equal([s_file], Of("bash", "--readlineso", s_file).ReadlineLibraries);
        Assert.Equal([s_file], Of("zsh", "--zsh", s_file).ZshPrograms);
        Assert.Equal([s_file], Of("mysqld", "-m", s_file).MysqldPrograms);
        Assert.Equal([s_file], Of("postgres", "-m", s_file).PostgresPrograms);
        Assert.Empty(Of("tls").TlsLibraries);
    }

    [Fact]
    public void Read_Pids_AreTracedAloneUnlessTheyMayChange()
    {
        int own = Environment.ProcessId;
        TerminalPlan one = Read("tls", "-p", $"{own},1", "-u", "0");
        Assert.Equal([own, 1], one.Capture.OnlyPids);
        Assert.Equal([(uint)own, 1u], one.Filter.Rules.Pids);
        Assert.Empty(one.Filter.Rules.Uids);
        Assert.Empty(Read("tls", "-p", $"{own}", "--listen", "127.0.0.1:0", "--listen-open").Capture.OnlyPids);
        Assert.Empty(Read("tls", "-p", $"{own}", "--settings", s_file).Capture.OnlyPids);
    }

    private static TerminalPlan Read(params string[] arguments)
    {
        ParseResult parsed = EntryPoint.CreateRoot().Parse(arguments);
        Assert.Empty(parsed.Errors);
        TerminalModule module = TerminalModule.All.Single(m => m.Name == arguments[0]);
        return TerminalPlan.Read(module, new OptionReader(parsed, Settings.Load([], new Hashtable { ["ECAPTURE_CONFIG"] = "/dev/null" })));
    }
}
