using ECapture.Events.V1;
using ECapture.Pcapng;
using ECapture.Query.Pcap;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;

namespace ECapture.Tests.Integration.Querying;

/// <summary>A file rebuilt from events that were put into a store, read by this project's reader; deleted at the end.</summary>
internal sealed class RebuiltFile : IAsyncDisposable
{
    private RebuiltFile(string path, RebuildReport report)
    {
        Path = path;
        Report = report;
        using FileStream stream = File.OpenRead(path);
        var reader = new PcapngReader(stream);
        while (reader.Read() is { } block)
        {
            Blocks.Add(block);
        }

        Assert.Null(reader.CutAt);
    }

    public string Path { get; }

    public RebuildReport Report { get; }

    public List<PcapngBlock> Blocks { get; } = [];

    public List<PacketBlock> Packets => [.. Blocks.OfType<PacketBlock>()];

    public static async Task<RebuiltFile> BuildAsync(StoresFixture stores, StoreKind kind, List<Event> events, EventFilter filter, RebuildOptions? options)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, cancel), StoreRole.Writer, cancel);
        await StoreLoader.LoadAsync(store, events, cancel);
        var builder = new PcapngBuilder(new EventStoreReader(store), options ?? new RebuildOptions());
        Rebuild rebuild = await builder.PrepareAsync(filter, cancel);
        string path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"ecapture-{Guid.NewGuid():N}.pcapng");
        RebuildReport report;
        await using (FileStream file = File.Create(path))
        {
            report = await builder.WriteAsync(rebuild, file, cancel);
        }

        return new RebuiltFile(path, report);
    }

    public ValueTask DisposeAsync()
    {
        File.Delete(Path);
        return ValueTask.CompletedTask;
    }
}
