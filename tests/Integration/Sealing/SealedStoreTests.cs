using ECapture.Events.V1;
using ECapture.Query.Keys;
using ECapture.Query.Pcap;
using ECapture.Sealing;
using ECapture.Sealing.Keys;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Querying;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;

namespace ECapture.Tests.Integration.Sealing;

/// <summary>Sealed secrets of real TLS sessions in each store: opened for the sessions that were asked for, by who has the key.</summary>
public sealed class SealedStoreTests(StoresFixture stores, TlsFixture tls) : IDisposable
{
    private readonly RecipientKeyPair _pair = RecipientKeyPair.Create();
    private readonly RecipientKeyPair _stranger = RecipientKeyPair.Create();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<StoreKind> Kinds => [StoreKind.ClickHouse, StoreKind.Postgres];

    public void Dispose()
    {
        _pair.Dispose();
        _stranger.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_SealedSecrets_OpenForTheMatchedSessionAndWhoHasTheKey(StoreKind kind)
    {
        await using Store store = await LoadAsync(kind);
        EventFilter one = EventFilter.All with { Processes = [tls.Exchanges[1].Process] };

        (RebuildReport whole, string[] all) = await RebuildAsync(store, EventFilter.All, Keys(_pair));
        (RebuildReport single, string[] found) = await RebuildAsync(store, one, Keys(_pair));
        (RebuildReport closed, string[] nothing) = await RebuildAsync(store, one, Keys(_stranger));
        (RebuildReport alone, _) = await RebuildAsync(store, one, null);

        Assert.Equal((tls.KeyLog.Count, (string?)null), ((int)whole.Secrets, whole.SecretComplaint));
        Assert.Equal(tls.Exchanges.Select(e => "/" + e.Marker).Order(StringComparer.Ordinal), all.Order(StringComparer.Ordinal));
        Assert.Equal((1, 0), (single.Sessions, single.SessionsWithoutSecrets));
        Assert.InRange(single.Secrets, 1, tls.KeyLog.Count - 1);
        Assert.Equal(["/" + tls.Exchanges[1].Marker], found);
        Assert.Equal((0, 1), ((int)closed.Secrets, closed.SessionsWithoutSecrets));
        Assert.Empty(nothing);
        Assert.Contains($"stay sealed: no key here; give the private key {_pair.Id}", closed.SecretComplaint, StringComparison.Ordinal);
        Assert.Equal(closed.SecretComplaint, alone.SecretComplaint);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Inspect_SealedOpenAndDamaged_SaysWhatOpens(StoreKind kind)
    {
        await using Store store = await LoadAsync(kind);
        var reader = new EventStoreReader(store);
        List<Event> open = [.. new TlsHistory(tls) { Host = "open" }.Make().Where(e => e.TlsSecret is not null)];
        await StoreLoader.LoadAsync(store, open, Cancel);

        IReadOnlyList<KeyUse> mine = await KeyInspection.RunAsync(reader, Keys(_pair), Cancel);
        IReadOnlyList<KeyUse> theirs = await KeyInspection.RunAsync(reader, Keys(_stranger), Cancel);
        IReadOnlyList<KeyUse> nobodys = await KeyInspection.RunAsync(reader, null, Cancel);

        Assert.Equal([("", KeyUseState.Open, open.Count), (_pair.Id, KeyUseState.Opens, tls.KeyLog.Count)], Facts(mine));
        Assert.Equal([("", KeyUseState.Open, open.Count), (_pair.Id, KeyUseState.NoKey, tls.KeyLog.Count)], Facts(theirs));
        Assert.Equal(Facts(theirs), Facts(nobodys));
    }

    [Fact]
    public async Task Rebuild_EventChangedInTheStore_IsRefusedAndSaidSo()
    {
        List<Event> events = Seal(new TlsHistory(tls).Make());
        foreach (Event e in events.Where(e => e.TlsSecret is not null))
        {
            e.Host = "another";
        }

        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(StoreKind.ClickHouse, Cancel), StoreRole.Writer, Cancel);
        await StoreLoader.LoadAsync(store, events, Cancel);

        (RebuildReport report, string[] found) = await RebuildAsync(store, EventFilter.All, Keys(_pair));

        Assert.Empty(found);
        Assert.Contains("changed on their way", report.SecretComplaint, StringComparison.Ordinal);
    }

    private static (string, KeyUseState, int)[] Facts(IReadOnlyList<KeyUse> uses) => [.. uses.Select(u => (string.Join(',', u.Recipients), u.State, (int)u.Secrets))];

    private async Task<Store> LoadAsync(StoreKind kind)
    {
        Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
        await StoreLoader.LoadAsync(store, Seal(new TlsHistory(tls).Make()), Cancel);
        return store;
    }

    private List<Event> Seal(List<Event> events)
    {
        Event first = events[0];
        using SecretSealer sealer = new(new Guid(first.Run.Span, bigEndian: true), first.Host, TimeProvider.System);
        using RecipientKey recipient = _pair.PublicKey();
        sealer.Renew([recipient]);
        foreach (Event e in events.Where(e => e.TlsSecret is not null))
        {
            sealer.Seal(e.TlsSecret);
        }

        return events;
    }

    private static async Task<(RebuildReport Report, string[] Decrypted)> RebuildAsync(Store store, EventFilter filter, IPrivateKeys? keys)
    {
        var builder = new PcapngBuilder(new EventStoreReader(store), new RebuildOptions(), keys);
        string path = Path.Combine(Path.GetTempPath(), $"ecapture-{Guid.NewGuid():N}.pcapng");
        try
        {
            Rebuild rebuild = await builder.PrepareAsync(filter, Cancel);
            RebuildReport report;
            await using (FileStream file = File.Create(path))
            {
                report = await builder.WriteAsync(rebuild, file, Cancel);
            }

            return (report, await Tshark.FieldsAsync(path, "http.request", "http.request.uri"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static KeyBox Keys(RecipientKeyPair pair) => new(pair);

    private sealed class KeyBox(RecipientKeyPair pair) : IPrivateKeys
    {
        public RecipientKeyPair? Find(string id) => id == pair.Id ? pair : null;
    }
}
