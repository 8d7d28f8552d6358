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
internal static class KeeperParts
{
    internal static readonly Option<string?> Capacity = CommonOptions.Text(
        "store-capacity", "BYTES", "size of the volume of a PostgreSQL on another machine, for the policy's minimum_free");

    /// <summary>Makes the keeper.</summary>
    internal static StoreKeeper Open(OptionReader options, DataDirectory data, Store store, IJournal journal, ILoggerFactory loggers)
    {
        Policy policy = Composition.StorePolicyOf(options);
        long? capacity = options.Find(Capacity) is null ? null : options.Number(Capacity, 0, 1 << 20, long.MaxValue);
        return new StoreKeeper(
            store, journal, RetentionRules.From(policy), policy.Storage.ArchiveDirectory ?? data.Archive, TimeProvider.System, loggers.CreateLogger<StoreKeeper>(), capacity);
    }

    /// <summary>How the policy cuts a table into partitions.</summary>
    internal static Func<string, PartitionUnit> RotationOf(OptionReader options)
    {
        Policy policy = Composition.StorePolicyOf(options);
        return table => ECapture.Events.Topics.All.Contains(table) && policy.For(table).Rotation == Rotation.Hour ? PartitionUnit.Hour : PartitionUnit.Day;
    }
}
