namespace ECapture.Tests.Chaos.Checking;

/// <summary>Compares the dead letters of a store with the records that had to become some.</summary>
internal static class LetterCheck
{
    /// <returns>What is missing, foreign, or buried twice.</returns>
    public static async Task<List<string>> CompareAsync(IStoreQuery store, IReadOnlyCollection<string> written, CancellationToken cancellationToken)
    {
        List<(string Place, string Record)> letters = await ReadAsync(store, cancellationToken);
        List<string> faults = [];
        faults.AddRange(letters.GroupBy(letter => letter.Place).Where(same => same.Count() > 1).Select(same => $"{store.Name}: the dead letter {same.Key} is there {same.Count()} times"));
        faults.AddRange(written.Except(letters.Select(letter => letter.Record)).Select(record => $"{store.Name}: the record {record} is no dead letter"));
        faults.AddRange(letters.Where(letter => !written.Contains(letter.Record)).Select(letter => $"{store.Name}: the dead letter {letter.Place} is {letter.Record}, which nobody wrote"));
        return faults;
    }

    /// <summary>Records that are not in each of the stores yet.</summary>
    public static async Task<long> MissingAsync(IReadOnlyList<IStoreQuery> stores, IReadOnlyCollection<string> written, CancellationToken cancellationToken)
    {
        long missing = 0;
        foreach (IStoreQuery store in stores)
        {
            missing += written.Except((await ReadAsync(store, cancellationToken)).Select(letter => letter.Record)).Count();
        }

        return missing;
    }

    private static async Task<List<(string Place, string Record)>> ReadAsync(IStoreQuery store, CancellationToken cancellationToken)
    {
        string record = store is PostgresQuery ? "encode(event, 'hex')" : "lower(hex(event))";
        List<string[]> rows = await store.SelectAsync($"SELECT topic, log_partition, log_offset, {record} FROM dead_letter", cancellationToken);
        return [.. rows.Select(row => ($"{row[0]}/{row[1]}/{row[2]}", row[3]))];
    }
}
