using System.Globalization;
using System.Text.Json;
using ECapture.Events.Formatting;
using ECapture.Sink.Operations;
using ECapture.Sink.Retention;

namespace ECapture.Sink.Archive;

/// <summary>What <c>ecapture archive</c> does: list, verify, restore.</summary>
public static class ArchiveOperations
{
    private static readonly JsonSerializerOptions s_line = new(ArchiveManifest.Json) { WriteIndented = false };

    /// <summary>Lists archives. Parameters: module, json (whole manifests).</summary>
    /// <returns>0.</returns>
    public static async Task<int> ListAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        string? module = context.Parameters.Text("module");
        ArchiveManifest[] archives =
        [
            .. (await context.RequireKeeper().ArchivesAsync(cancellationToken).ConfigureAwait(false)).Where(a => module is null || a.Table == module),
        ];
        foreach (ArchiveManifest a in archives)
        {
            await context.Output.WriteLineAsync(context.Parameters.IsSet("json")
                ? JsonSerializer.Serialize(a, s_line)
                : $"{Printable.Of(a.Name)}  {Printable.Of(a.Table)}/{Printable.Of(a.Partition)}  {Reports.Count(a.Rows, "event")}, {Reports.Count(a.FileBytes, "byte")} ({Reports.Count(a.ContentBytes, "byte")} before compression), {Time(a.FirstTime)} to {Time(a.LastTime)}").ConfigureAwait(false);
        }

        if (!context.Parameters.IsSet("json"))
        {
            await context.Output.WriteLineAsync(archives.Length == 0 ? "no archives" : Reports.Count(archives.Length, "archive")).ConfigureAwait(false);
        }

        return 0;
    }

    /// <summary>Reads archives whole and compares them with their manifests. Parameters: name, or all.</summary>
    /// <returns>0; 1 when one is damaged.</returns>
    public static async Task<int> VerifyAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        IStoreKeeper keeper = context.RequireKeeper();
        string[] names = context.Parameters.IsSet("all")
            ? [.. (await keeper.ArchivesAsync(cancellationToken).ConfigureAwait(false)).Select(a => a.Name)]
            : [NameOf(context)];
        if (names.Length == 0)
        {
            await context.Output.WriteLineAsync("no archives").ConfigureAwait(false);
        }

        int damaged = 0;
        foreach (string name in names)
        {
            try
            {
                ArchiveManifest a = await keeper.VerifyArchiveAsync(name, cancellationToken).ConfigureAwait(false);
                await context.Output.WriteLineAsync($"{Printable.Of(name)}: whole, {Reports.Count(a.Rows, "event")}, SHA-256 {Printable.Of(a.FileSha256)}").ConfigureAwait(false);
            }
            catch (SinkException e)
            {
                damaged++;
                await context.Output.WriteLineAsync("DAMAGED: " + Printable.Of(e.Message)).ConfigureAwait(false);
            }
        }

        return damaged == 0 ? 0 : 1;
    }

    /// <summary>Brings one back. Parameters: name, keep (seconds), actor.</summary>
    /// <returns>0.</returns>
    /// <exception cref="SinkException">There is none of that name, or it is damaged.</exception>
    public static async Task<int> RestoreAsync(OperationContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        const long SevenDays = 7 * 86_400;
        TimeSpan keep = TimeSpan.FromSeconds(context.Parameters.Number("keep") ?? SevenDays);
        RestoreResult result = await context.RequireKeeper().RestoreAsync(NameOf(context), keep, context.Actor(), cancellationToken).ConfigureAwait(false);
        await context.Output.WriteLineAsync(
            $"{Printable.Of(result.Archive)}: {Reports.Count(result.Restored, "event")} brought back, {result.Present.ToString("N0", CultureInfo.InvariantCulture)} were there; "
            + $"hold {Printable.Of(result.Hold)} keeps them until {Time(result.Until)}").ConfigureAwait(false);
        return 0;
    }

    private static string NameOf(OperationContext context) =>
        context.Parameters.Text("name") ?? throw new SinkException("give the name of an archive; `ecapture archive list` shows them");

    private static string Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";
}
