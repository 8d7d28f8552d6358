using System.Globalization;
using ECapture.Events;

namespace ECapture.Tests.Chaos.Checking;

/// <summary>Compares a store with what was produced.</summary>
internal static class StoreCheck
{
    /// <summary>Rows of all tables.</summary>
    public static async Task<long> CountAsync(IStoreQuery store, CancellationToken cancellationToken)
    {
        string sql = string.Join(" UNION ALL ", Topics.Logged.Select(topic => $"SELECT count(*) FROM {topic}"));
        return (await store.SelectAsync(sql, cancellationToken)).Sum(row => long.Parse(row[0], CultureInfo.InvariantCulture));
    }

    /// <returns>What is missing, doubled, foreign or changed; nothing when the store holds the set that was produced.</returns>
    public static async Task<List<string>> CompareAsync(IStoreQuery store, Truth truth, CancellationToken cancellationToken)
    {
        Dictionary<StreamId, StreamSummary> stored = [];
        foreach (string topic in Topics.Logged)
        {
            string sql = store.Sql.Replace("{0}", topic, StringComparison.Ordinal);
            foreach (string[] row in await store.SelectAsync(sql, cancellationToken))
            {
                stored.Add(new StreamId(topic, Guid.Parse(row[0]), int.Parse(row[1], CultureInfo.InvariantCulture)), Summary(row));
            }
        }

        // Commands (`ecapture sink rebuild`) keep journals of their own, which are gone from their logs once Kafka has them.
        HashSet<Guid> commands = [.. stored.Keys.Where(id => id.Topic == Topics.Control).Select(id => id.Run).Except(truth.Runs)];
        foreach (StreamId journal in stored.Keys.Where(id => id.Topic is Topics.Control or Topics.Agent && commands.Contains(id.Run)).ToList())
        {
            stored.Remove(journal);
        }

        List<string> faults = [];
        foreach (StreamId id in truth.Streams.Keys.Union(stored.Keys).OrderBy(id => id.Topic).ThenBy(id => id.Run))
        {
            string produced = truth.Streams.TryGetValue(id, out StreamSummary made) ? made.ToString() : "nothing";
            string held = stored.TryGetValue(id, out StreamSummary kept) ? kept.ToString() : "nothing";
            if (produced != held)
            {
                faults.Add($"{store.Name} {id.Topic} run {id.Run}/{id.Partition}: produced {produced}; stored {held}");
            }
        }

        return faults;
    }

    private static StreamSummary Summary(string[] row)
    {
        long[] numbers = [.. row[2..6].Select(text => long.Parse(text, CultureInfo.InvariantCulture))];
        return new StreamSummary(numbers[0], numbers[1], numbers[2], numbers[3], ulong.Parse(row[6], CultureInfo.InvariantCulture));
    }
}
