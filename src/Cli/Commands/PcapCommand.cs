using System.CommandLine;
using ECapture.Cli.Options;
using ECapture.Query.Pcap;
using ECapture.Query.Requests;
using ECapture.Sealing.Keys;
using ECapture.Storage.Reading;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture pcap</c>: rebuilds a pcapng file with the secrets that decrypt it.</summary>
internal static class PcapCommand
{
    private static readonly SearchOptions s_search = new(SearchParameters.Filter);
    private static readonly Option<string?> s_write = CommonOptions.Text("write", "FILE", "where the file goes; - is standard output", "-w");
    private static readonly Option<bool> s_noKeys = CommonOptions.Switch("no-keys", "leave the TLS secrets out: a file to share");

    private static readonly Option<bool> s_noSynthetic = CommonOptions.Switch("no-synthetic", "leave out the packets that are made of plaintext where none were captured");
    private static readonly Option<string?> s_reason = CommonOptions.Text("reason", "TEXT", "why the TLS secrets are needed: for the access record and the file; a service gives none without");
    private static readonly Option<bool> s_exactWindow =
        CommonOptions.Switch("exact-window", "only packets of the window of time, not whole sessions; what began before it does not decrypt");
    private static readonly Option<bool> s_processBlocks =
        CommonOptions.Switch("process-blocks", "add a block per process, for Wireshark newer than 4.4; older ones list it as a record without time");

    internal static Command Create() => CommandRunner.Create(
        "pcap",
        "Rebuild a pcapng file of the sessions that match, with the TLS secrets that decrypt them in Wireshark.",
        [
            "ecapture pcap --since 1h --process curl --reason 'ticket 4711' -w out.pcapng",
            "ecapture pcap --address 10.0.0.7 --port 443 --reason 'ticket 4711' -w - | tshark -r - -Y http",
            "ecapture pcap --from '2026-11-17 09:00' --to '2026-11-17 09:10' --exact-window --no-keys -w window.pcapng",
        ],
        [.. s_search.All, s_write, s_noKeys, s_noSynthetic, s_exactWindow, s_processBlocks, s_reason, CommonOptions.Key, CommonOptions.Data, EventSource.Api, CommonOptions.Store],
        RunAsync);

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        string path = options.Find(s_write) ?? throw new UsageException("pcap: where shall the file go? Give -w FILE, or -w - for a pipe");
        if (path == "-" && !Console.IsOutputRedirected)
        {
            throw new UsageException("pcap: standard output is a terminal; give -w FILE, or pipe it into tshark -r -");
        }

        List<KeyValuePair<string, string>> parameters =
        [
            .. s_search.Read(options), new("keys", options.IsSet(s_noKeys) ? "false" : "true"),
            .. options.Find(s_reason) is { } reason ? [new("reason", reason)] : Array.Empty<KeyValuePair<string, string>>(),
            .. options.IsSet(s_noSynthetic) ? [new("synthetic", "false")] : Array.Empty<KeyValuePair<string, string>>(),
            .. options.IsSet(s_exactWindow) ? [new("exact-window", "true")] : Array.Empty<KeyValuePair<string, string>>(),
            .. options.IsSet(s_processBlocks) ? [new("process-blocks", "true")] : Array.Empty<KeyValuePair<string, string>>(),
        ];
        PcapngRequest request = RequestReader.ReadPcapng(parameters);
        await using EventSource source = await EventSource.OpenAsync(options, cancellationToken);
        using PrivateKeys keys = Composition.PrivateKeysOf(options, source);
        RebuildReport report = await PcapFile.WriteAsync(path, output => WriteAsync(source, parameters, keys, output, cancellationToken));
        await Console.Error.WriteLineAsync(
            $"{report.Packets} packets of {report.Sessions} sessions, "
            + (request.Options.Keys ? $"{report.Secrets} TLS secrets, {report.SessionsWithoutSecrets} sessions without secrets" : "TLS secrets left out")
            + (report.SyntheticSessions > 0 ? $", {report.SyntheticSessions} sessions synthetic: made of plaintext" : "")
            + $", {report.Bytes} bytes");
        if (report.SecretComplaint is { } complaint)
        {
            await Console.Error.WriteLineAsync("ecapture: " + complaint);
        }

        return ExitCode.Ok;
    }

    /// <summary>Writes the file that the parameters of the API ask for, from a service or from a store.</summary>
    internal static async Task<RebuildReport> WriteAsync(
        EventSource source, IReadOnlyList<KeyValuePair<string, string>> parameters, IPrivateKeys keys, Stream output, CancellationToken cancellationToken)
    {
        if (source.Client is { } client)
        {
            return await client.PcapngAsync(parameters, output, cancellationToken);
        }

        PcapngRequest request = RequestReader.ReadPcapng(parameters);
        string query = string.Join('&', parameters.Where(p => p.Key != "reason").Select(p => $"{p.Key}={p.Value}"));
        string reason = parameters.FirstOrDefault(p => p.Key == "reason").Value ?? "";
        RebuildOptions rebuild = request.Options with { Comment = SectionComment.Asked(query, Environment.UserName, reason) };
        PcapngBuilder builder = new(new EventStoreReader(source.Store!), rebuild, keys);
        return await builder.WriteAsync(await builder.PrepareAsync(request.Filter, cancellationToken), output, cancellationToken);
    }
}
