using System.CommandLine;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Log.Journal;
using ECapture.Policies;
using ECapture.Sink.Retention;
using ECapture.Storage;
using ECapture.Storage.Partitions;
using Microsoft.Extensions.Logging;

namespace ECapture.Cli.Commands;

/// <summary>The keeper of a store made of options: policy, archive folder, capacity.</summary>
internal static partial class KeeperParts
{
    internal static readonly Option<string?> Capacity = CommonOptions.Text(
        "store-capacity", "BYTES", "size of the volume of a PostgreSQL on another machine, for the policy's minimum_free");

    /// <summary>Makes the keeper.</summary>
    internal static StoreKeeper Open(OptionReader options, DataDirectory data, Store store, IJournal journal, ILoggerFactory loggers)
    {
        Policy policy = Composition.StorePolicyOf(options);
        return new StoreKeeper(
            store, journal, RetentionRules.From(policy), ArchivesOf(policy, data), TimeProvider.System, loggers.CreateLogger<StoreKeeper>(), CapacityOf(options));
    }

    /// <summary>Bytes of the volume of a PostgreSQL on another machine; null: not given.</summary>
    /// <exception cref="UsageException">They are out of range.</exception>
    internal static long? CapacityOf(OptionReader options) => options.Find(Capacity) is null ? null : options.Number(Capacity, 0, 1 << 20, long.MaxValue);

    /// <summary>Where archives are.</summary>
    internal static string ArchivesOf(Policy policy, DataDirectory data) => policy.Storage.ArchiveDirectory ?? data.Archive;

    /// <summary>Runs the keeper until it is cancelled; says first which tables are not cut as the policy says.</summary>
    internal static async Task RunAsync(StoreKeeper keeper, OptionReader options, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        try
        {
            foreach ((string table, PartitionUnit unit) in await keeper.OtherRotationAsync(RotationOf(options), cancellationToken))
            {
                string now = unit == PartitionUnit.Day ? "day" : "hour";
                LogOtherRotation(loggers.CreateLogger<StoreKeeper>(), table, now, unit == PartitionUnit.Day ? "hour" : "day");
            }
        }
        catch (StoreException)
        {
            // The keeper meets the same failure, says it, and tries again.
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }

        await keeper.RunAsync(cancellationToken);
    }

    /// <summary>How the policy cuts a table into partitions.</summary>
    internal static Func<string, PartitionUnit> RotationOf(OptionReader options)
    {
        Policy policy = Composition.StorePolicyOf(options);
        return table => ECapture.Events.Topics.All.Contains(table) && policy.For(table).Rotation == Rotation.Hour ? PartitionUnit.Hour : PartitionUnit.Day;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Table {Table} is partitioned by {Now}, the policy says {Wanted}: it stays so until the table is made anew (docs/retention.md, \"Rotation\")")]
    private static partial void LogOtherRotation(ILogger logger, string table, string now, string wanted);
}
