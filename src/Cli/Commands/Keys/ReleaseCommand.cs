using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ECapture.Cli.Options;
using ECapture.Events.Formatting;
using ECapture.Query.Client;
using ECapture.Query.Releases;

namespace ECapture.Cli.Commands.Keys;

/// <summary><c>ecapture key release …</c>: requests for TLS secrets that two keyholders have to agree on.</summary>
internal static class ReleaseCommand
{
    private static readonly Argument<string> s_id = new("id") { Description = "the release's id, as `ecapture key release list` shows it" };
    private static readonly Option<bool> s_json = CommonOptions.Switch("json", "print the releases as JSON");
    private static readonly JsonSerializerOptions s_format = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    internal static Command Create()
    {
        Command list = CommandRunner.Create(
            "list",
            "List the requests for TLS secrets that wait for a second keyholder, and what became of those of the last day.",
            ["ecapture key release list", "ecapture key release list --json --api https://capture1:8443"],
            [s_json, CommonOptions.Data, EventSource.Api],
            RunListAsync);
        return CommandRunner.CreateGroup(
            "release",
            "Approve or deny requests for TLS secrets, where the service runs with --four-eyes. ECAPTURE_TOKEN says who you are.",
            list,
            Decision("approve", "Let somebody else's request through: the same request gets its file, once, within an hour.", approves: true),
            Decision("deny", "Refuse a request, or take its approval back until it is used.", approves: false));
    }

    private static Command Decision(string name, string description, bool approves)
    {
        Command command = CommandRunner.Create(
            name,
            description,
            [$"ECAPTURE_TOKEN_FILE=token ecapture key release {name} 9c1f02a7be5d4410"],
            [s_json, CommonOptions.Data, EventSource.Api],
            (options, cancellationToken) => RunDecisionAsync(options, approves, cancellationToken));
        command.Arguments.Add(s_id);
        return command;
    }

    private static async Task<int> RunListAsync(OptionReader options, CancellationToken cancellationToken)
    {
        await using EventSource source = await EventSource.OpenAsync(options, cancellationToken);
        Print(options, await ServiceOf(source).ReleasesAsync(cancellationToken));
        return ExitCode.Ok;
    }

    private static async Task<int> RunDecisionAsync(OptionReader options, bool approves, CancellationToken cancellationToken)
    {
        await using EventSource source = await EventSource.OpenAsync(options, cancellationToken);
        Print(options, [await ServiceOf(source).DecideAsync(options.Argument(s_id), approves, cancellationToken)]);
        return ExitCode.Ok;
    }

    private static QueryClient ServiceOf(EventSource source) =>
        source.Client ?? throw new UsageException("key release: no service runs here; name it with --api");

    private static void Print(OptionReader options, IReadOnlyList<KeyRelease> releases)
    {
        if (options.IsSet(s_json))
        {
            Console.WriteLine(JsonSerializer.Serialize(releases, s_format));
            return;
        }

        foreach (KeyRelease release in releases)
        {
            string state = release.State.ToString().ToLowerInvariant() + (release.By is null ? "" : " by " + release.By);
            Console.WriteLine(Printable.Of(string.Create(
                CultureInfo.InvariantCulture, $"{release.Id}  {release.Actor}  {state}  until {release.Expires:u}  {release.Reason}  {release.Query}")));
        }

        if (releases.Count == 0)
        {
            Console.WriteLine("no releases");
        }
    }
}
