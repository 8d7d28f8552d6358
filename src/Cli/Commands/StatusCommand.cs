using System.CommandLine;
using System.Globalization;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Query.Client;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture status</c>: what runs on the data directory.</summary>
internal static class StatusCommand
{
    internal static Command Create() => CommandRunner.Create(
        "status",
        "Say what runs on the data directory. Exit code 1 when nothing does.",
        [
            "ecapture status",
        ],
        [CommonOptions.Data],
        RunAsync);

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        bool isRunning = false;
        foreach (string name in (string[])["capture", "service"])
        {
            ServiceFile? file = ServiceFile.ReadLive(ServiceFile.PathOf(data.Root, name));
            isRunning |= file is not null;
            string api = file is null ? "" : await DescribeAsync(file, cancellationToken);
            Console.WriteLine(file is null
                ? $"{name}: not running"
                : string.Create(CultureInfo.InvariantCulture, $"{name}: process {file.Pid} since {file.Started:u}{api}"));
            foreach (string line in file?.Detail ?? [])
            {
                Console.WriteLine("  " + line);
            }
        }

        return isRunning ? ExitCode.Ok : ExitCode.Failure;
    }

    private static async Task<string> DescribeAsync(ServiceFile file, CancellationToken cancellationToken)
    {
        if (file.Api is null)
        {
            return "";
        }

        using QueryClient client = new(new Uri(file.Api));
        return $", API {file.Api}{(await client.IsLiveAsync(cancellationToken) ? "" : " (does not answer)")}";
    }
}
