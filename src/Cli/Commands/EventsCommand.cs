using System.CommandLine;
using System.IO.Pipelines;
using ECapture.Cli.Options;
using ECapture.Query;
using ECapture.Query.Formatting;
using ECapture.Query.Requests;
using ECapture.Storage.Reading;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture events</c>: what was captured.</summary>
internal static class EventsCommand
{
    private static readonly SearchOptions s_search = new(SearchParameters.Events);

    internal static Command Create() => CommandRunner.Create(
        "events",
        "Show captured events. Asks the service that runs on --data, or reads the store itself when none does.",
        [
            "ecapture events --module postgres --since 10m",
            "ecapture events --module bash --uid 1000 --format json",
            "ecapture events --group-by fingerprint --since 1d",
            "ecapture events --module tls --process curl --text 'GET /login' --format ndjson",
        ],
        [.. s_search.All, CommonOptions.Data, EventSource.Api, CommonOptions.Store],
        RunAsync);

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        List<KeyValuePair<string, string>> parameters = [.. s_search.Read(options)];
        bool isTerminal = !Console.IsOutputRedirected;
        EventsRequest request = RequestReader.ReadEvents(parameters, EventsFormat.Table);
        await using EventSource source = await EventSource.OpenAsync(options, cancellationToken);
        await using Stream output = Console.OpenStandardOutput();
        if (source.Client is { } client)
        {
            if (!parameters.Exists(p => p.Key == "format"))
            {
                parameters.Add(new("format", "table"));
            }

            await client.EventsAsync(parameters, output, cancellationToken);
            return ExitCode.Ok;
        }

        PipeWriter writer = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        EventStoreReader store = new(source.Store!);
        if (request.GroupsStatements)
        {
            await StatementGroups.WriteAsync(store, request, writer, cancellationToken);
        }
        else
        {
            await EventsSearch.WriteAsync(store, request, EventFormatters.Create(request.Format, isTerminal), writer, cancellationToken);
        }

        await writer.CompleteAsync();
        return ExitCode.Ok;
    }
}
