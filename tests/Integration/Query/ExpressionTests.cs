using ECapture.Events.V1;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Expressions;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;

namespace ECapture.Tests.Integration.Querying;

/// <summary>Filter expressions mean the same in both stores, and what a plain reading of them says.</summary>
public sealed class ExpressionTests(StoresFixture stores)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<StoreKind> Kinds => [StoreKind.ClickHouse, StoreKind.Postgres];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Search_EveryComparison_GivesExactlyWhatItMeans(StoreKind kind)
    {
        (List<Event> history, EventStoreReader reader, Store store) = await OpenAsync(kind, seed: 21);
        await using Store _ = store;
        foreach ((string text, Func<Event, bool> means) in ExpressionOracle.Comparisons)
        {
            await AssertAsync(reader, history, text, means);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Search_RandomCombinations_GiveExactlyWhatTheyMean(StoreKind kind)
    {
        (List<Event> history, EventStoreReader reader, Store store) = await OpenAsync(kind, seed: 22);
        await using Store _ = store;
        var random = new Random(23);
        for (int round = 0; round < 60; round++)
        {
            (string text, Func<Event, bool> means) = ExpressionOracle.Random(random, depth: 4);
            await AssertAsync(reader, history, text, means);
        }
    }

    private static async Task AssertAsync(EventStoreReader reader, List<Event> history, string text, Func<Event, bool> means)
    {
        EventFilter filter = EventFilter.All with { Topics = Events.Topics.All, IncludeResults = true, Expression = FilterExpression.Parse(text) };
        string[] expected = [.. history.Where(means).Select(Key).Order(StringComparer.Ordinal)];
        List<string> actual = [];
        await foreach (StoredEvent stored in reader.SearchAsync(filter, EventOrder.Oldest, null, null, Cancel))
        {
            actual.Add(stored.Id.ToString());
        }

        actual.Sort(StringComparer.Ordinal);
        Assert.True(expected.SequenceEqual(actual), $"{text}: {expected.Length} expected, {actual.Count} found; only expected {expected.Except(actual).FirstOrDefault()}, only found {actual.Except(expected).FirstOrDefault()}");
    }

    private static string Key(Event e) =>
        new Events.EventId(new Guid(e.Run.Span, bigEndian: true), e.Topic, (int)e.Partition, e.Sequence).ToString();

    private async Task<(List<Event> History, EventStoreReader Reader, Store Store)> OpenAsync(StoreKind kind, int seed)
    {
        List<Event> history = History.Make(1500, seed);
        Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
        await StoreLoader.LoadAsync(store, history, Cancel);
        return (history, new EventStoreReader(store), store);
    }
}
