using System.CommandLine;
using System.Text.Json;
using ECapture.Capture.Bpf;
using ECapture.Cli.Doctor;
using ECapture.Cli.Options;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture version</c>.</summary>
internal static class VersionCommand
{
    private static readonly Option<bool> s_json = CommonOptions.Switch("json", "print the versions as JSON");

    internal static Command Create()
    {
        Command command = new("version", "Say which version this is, with which libbpf, on which kernel.");
        command.Options.Add(s_json);
        ExampleHelp.AddTo(command, ["ecapture version", "ecapture version --json"]);
        command.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output;
            (string Name, string Value)[] facts =
            [
                ("ecapture", ProgramVersion.Text),
                (".NET", Environment.Version.ToString()),
                ("libbpf", LibBpfVersion.Text ?? "not found: apt-get install libbpf1"),
                ("kernel", KernelRelease()),
                ("BTF", File.Exists(KernelFit.KernelPath) ? KernelFit.KernelPath : $"{KernelFit.KernelPath} does not exist"),
                ("objects", KernelFit.Choose(BtfMode.Auto, null).Reason),
                ("container", ContainerCheck.Run().Detail),
            ];
            if (parsed.GetValue(s_json))
            {
                output.WriteLine(JsonSerializer.Serialize(facts.ToDictionary(f => f.Name.TrimStart('.').ToLowerInvariant(), f => f.Value)));
                return ExitCode.Ok;
            }

            foreach ((string name, string value) in facts)
            {
                output.WriteLine($"{name,-9} {value}");
            }

            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>The running kernel's release, as `uname -r` says it.</summary>
    internal static string KernelRelease() => File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
}
