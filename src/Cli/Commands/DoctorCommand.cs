using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using ECapture.Capture;
using ECapture.Capture.Bpf;
using ECapture.Cli.Doctor;
using ECapture.Cli.Options;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture doctor</c>: what this host can capture, and why not.</summary>
internal static class DoctorCommand
{
    private static readonly Option<bool> s_json = CommonOptions.Switch("json", "print the findings as JSON");
    private static readonly JsonSerializerOptions s_format = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    internal static Command Create() => CommandRunner.Create(
        "doctor",
        "Say which probes can run on this host and why the others cannot, and which processes use TLS that no module captures. Attaches each module for a moment when it runs as root; changes nothing.",
        [
            "sudo ecapture doctor",
            "ecapture doctor --json",
            "sudo ecapture doctor --btf 2",
        ],
        [CommonOptions.Interfaces, CommonOptions.Btf, CommonOptions.BtfFile, s_json],
        RunAsync);

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        KernelFit fit = KernelFitOptions.Choose(options);
        List<Finding> findings = [.. HostChecks.Run(fit)];
        CaptureOptions capture = new() { Interfaces = options.FindAll(CommonOptions.Interfaces), Btf = KernelFitOptions.ModeOf(options), BtfFile = KernelFitOptions.FileOf(options) };
        findings.AddRange(await ModuleChecks.RunAsync(capture, cancellationToken));
        findings.AddRange(TargetChecks.Run());
        if (options.IsSet(s_json))
        {
            Console.WriteLine(JsonSerializer.Serialize(findings, s_format));
        }
        else
        {
            Print(findings, Console.Out, useColours: !Console.IsOutputRedirected);
        }

        return findings.Any(f => f.Verdict == Verdict.Missing) ? ExitCode.Failure : ExitCode.Ok;
    }

    private static void Print(IReadOnlyList<Finding> findings, TextWriter output, bool useColours)
    {
        int width = findings.Max(f => f.Name.Length);
        string? area = null;
        foreach (Finding finding in findings)
        {
            if (finding.Area != area)
            {
                output.WriteLine(area is null ? $"{finding.Area}s" : $"\n{finding.Area}s");
                area = finding.Area;
            }

            (string word, int colour) = finding.Verdict switch
            {
                Verdict.Ok => ("ok     ", 32),
                Verdict.Limited => ("limited", 33),
                _ => ("missing", 31),
            };
            output.Write(useColours ? $"  \e[{colour}m{word}\e[0m  " : $"  {word}  ");
            output.WriteLine($"{finding.Name.PadRight(width)}  {finding.Detail}{(finding.Remedy is null ? "" : $" -> {finding.Remedy}")}");
        }
    }
}
