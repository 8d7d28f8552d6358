using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Sealing.Keys;

namespace ECapture.Cli.Commands.Keys;

/// <summary><c>ecapture key list</c>.</summary>
internal static class ListKeysCommand
{
    private static readonly Option<bool> s_json = CommonOptions.Switch("json", "print the keys as JSON");
    private static readonly JsonSerializerOptions s_format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    internal static Command Create() => CommandRunner.Create(
        "list",
        "List the private keys of the data directory: which one secrets are sealed to now, which were backed up.",
        ["sudo ecapture key list"],
        [CommonOptions.Data, s_json],
        RunAsync);

    private static Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        using KeyDirectory directory = Composition.KeysOf(data);
        IReadOnlyList<KeyEntry> keys = directory.List();
        if (options.IsSet(s_json))
        {
            Console.WriteLine(JsonSerializer.Serialize(keys, s_format));
            return Task.FromResult(ExitCode.Ok);
        }

        foreach (KeyEntry key in keys)
        {
            string backup = key.BackedUp is { } time ? string.Create(CultureInfo.InvariantCulture, $"backed up {time:u}") : "NEVER BACKED UP";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{key.Id}  made {key.Made:u}  {(key.IsRecipient ? "seals" : "opens")}  {backup}"));
        }

        if (keys.Count == 0)
        {
            Console.WriteLine($"no private key in {data.Keys}");
        }

        return Task.FromResult(ExitCode.Ok);
    }
}
