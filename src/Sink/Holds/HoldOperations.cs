using System.Globalization;
using System.Text;
using ECapture.Events;
using ECapture.Events.Formatting;
using ECapture.Sink.Operations;
using ECapture.Sink.Retention;

namespace ECapture.Sink.Holds;

/// <summary>What <c>ecapture hold</c> does: add, list, release.</summary>
public static class HoldOperations
{
    private const int LongestName = 100;

    /// <summary>Adds one. Parameters: name, reason, since and until (nanoseconds of the epoch), module, host, process, connection (lists with commas), actor.</summary>
    /// <returns>0.</returns>
    /// <exception cref="SinkException">A parameter is wrong, or the name is taken; every error at once.</exception>
    public static async Task<int> AddAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        LegalHold hold = Read(context);
        IStoreKeeper keeper = context.RequireKeeper();
        await keeper.AddHoldAsync(hold, cancellationToken).ConfigureAwait(false);
        RetentionReport report = await keeper.ShowAsync(cancellationToken).ConfigureAwait(false);
        PartitionReport[] held = [.. report.Partitions.Where(p => p.HeldBy.Contains(hold.Name))];
        await context.Output.WriteLineAsync(
            $"hold {hold.Name} is in force: {Describe(hold)}; it keeps {Reports.Count(held.Length, "partition")}, {Reports.Count(held.Sum(p => p.Rows), "row")} now").ConfigureAwait(false);
        if (hold.Since is { } since && report.Partitions.Count > 0 && report.Partitions.Min(p => p.From) is var first && since < first)
        {
            await context.Output.WriteLineAsync($"note: the store holds nothing before {Time(first)}; `ecapture archive list` shows what was archived").ConfigureAwait(false);
        }

        return 0;
    }

    /// <summary>Lists them. Parameters: all (also those that are over), json.</summary>
    /// <returns>0.</returns>
    public static async Task<int> ListAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        LegalHold[] holds =
        [
            .. (await context.RequireKeeper().HoldsAsync(cancellationToken).ConfigureAwait(false)).Where(h => context.Parameters.IsSet("all") || h.IsActive(now)),
        ];
        foreach (LegalHold hold in holds)
        {
            await (context.Parameters.IsSet("json") ? context.Output.WriteLineAsync(hold.ToRow().Document) : context.Output.WriteLineAsync(
                $"{Printable.Of(hold.Name)}: {Describe(hold)}; {Printable.Of(hold.Reason)} (by {Printable.Of(hold.AddedBy)} at {Time(hold.AddedAt)}{End(hold)})")).ConfigureAwait(false);
        }

        if (!context.Parameters.IsSet("json"))
        {
            await context.Output.WriteLineAsync(holds.Length == 0 ? "no holds" : Reports.Count(holds.Length, "hold")).ConfigureAwait(false);
        }

        return 0;
    }

    /// <summary>Ends one. Parameters: name, actor.</summary>
    /// <returns>0.</returns>
    /// <exception cref="SinkException">There is none of that name.</exception>
    public static async Task<int> ReleaseAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        string name = context.Parameters.Text("name") ?? throw new SinkException("hold release: give the name of a hold");
        await context.RequireKeeper().ReleaseHoldAsync(name, context.Actor(), cancellationToken).ConfigureAwait(false);
        await context.Output.WriteLineAsync($"hold {Printable.Of(name)} is released: the rules apply again to what it kept").ConfigureAwait(false);
        return 0;
    }

    /// <summary>What it holds, in words.</summary>
    internal static string Describe(LegalHold hold)
    {
        StringBuilder text = new();
        text.Append(hold.Since is { } since ? $"from {Time(since)}" : "from the first event").Append(hold.Until is { } until ? $" to {Time(until)}" : " on");
        foreach ((string name, IReadOnlyList<string> values) in (ReadOnlySpan<(string, IReadOnlyList<string>)>)
            [("module", hold.Modules), ("host", hold.Hosts), ("process", hold.Processes), ("connection", hold.Connections)])
        {
            if (values.Count > 0)
            {
                text.Append(", ").Append(name).Append(' ').Append(Printable.Of(string.Join(" or ", values)));
            }
        }

        return text.ToString();
    }

    private static LegalHold Read(OperationContext context)
    {
        OperationParameters p = context.Parameters;
        List<string> errors = [];
        string name = p.Text("name") ?? "";
        if (name.Length is 0 or > LongestName || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            errors.Add($"--name: '{Printable.Of(name)}' is no name: letters, digits, -, _ and ., at most {LongestName}");
        }

        if (string.IsNullOrWhiteSpace(p.Text("reason")))
        {
            errors.Add("--reason: say why; it is part of the record");
        }

        string[] modules = List(p, "module");
        errors.AddRange(modules.Where(m => !Topics.All.Contains(m)).Select(m => $"--module: there is no module {Printable.Of(m)} (there are {string.Join(", ", Topics.All)})"));
        string[] connections = List(p, "connection");
        errors.AddRange(connections.Where(c => c.Length != 16 || !c.All(char.IsAsciiHexDigit)).Select(c => $"--connection: '{Printable.Of(c)}' is none: 16 hexadecimal digits, as `ecapture events` shows them"));
        DateTimeOffset? since = TimeOf(p.Number("since"));
        DateTimeOffset? until = TimeOf(p.Number("until"));
        if (since >= until)
        {
            errors.Add($"--until: {Time(until!.Value)} is not after --since, {Time(since!.Value)}");
        }

        if (since is null && until is null && modules.Length + connections.Length + List(p, "host").Length + List(p, "process").Length == 0 && !p.IsSet("everything"))
        {
            errors.Add("this would hold everything for ever: narrow it down by --since, --until, --module, --host, --process or --connection, or say --everything");
        }

        return errors.Count > 0 ? throw new SinkException("hold add: " + string.Join("; ", errors)) : new LegalHold
        {
            Name = name,
            Reason = p.Text("reason")!,
            Since = since,
            Until = until,
            Modules = modules,
            Hosts = List(p, "host"),
            Processes = List(p, "process"),
            Connections = [.. connections.Select(c => c.ToLowerInvariant())],
            AddedBy = context.Actor(),
        };
    }

    private static string[] List(OperationParameters parameters, string name) =>
        parameters.Text(name)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static DateTimeOffset? TimeOf(long? nanoseconds) => nanoseconds is { } ns ? DateTimeOffset.UnixEpoch.AddTicks(ns / 100) : null;

    private static string End(LegalHold hold) => hold.ReleasedAt is { } released ? $", released by {Printable.Of(hold.ReleasedBy ?? "")} at {Time(released)}"
        : hold.Expires is { } expires ? $", ends {Time(expires)}"
        : "";

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
