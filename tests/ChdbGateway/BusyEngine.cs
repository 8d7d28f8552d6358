using ECapture.Storage;
using ECapture.Storage.ClickHouse;
using ECapture.Storage.ClickHouse.InProcess;

namespace ECapture.Tests.ChdbGateway;

/// <summary>Readers that hold every connection and read nothing, as slow clients of the API do.</summary>
internal static class BusyEngine
{
    public static async Task RunAsync(string directory)
    {
        using ChdbEngine engine = ChdbEngine.Open(directory);
        await using ChdbClickHouse pool = new(engine, "default", ownsEngine: false, TimeSpan.FromSeconds(1));
        IClickHouse writer = pool.Reserve();
        List<Stream> held = [];
        for (int i = 0; i < ChdbClickHouse.MaxConnections; i++)
        {
            held.Add(await QueryAsync(pool));
        }

        try
        {
            await QueryAsync(pool);
            Console.WriteLine("one more than there are");
        }
        catch (StoreException e) when (e.IsTransient)
        {
            Console.WriteLine(e.Message);
        }

        await writer.ExecuteAsync("CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n", CancellationToken.None);
        Console.WriteLine("the writer goes on");
        foreach (Stream stream in held)
        {
            await stream.DisposeAsync();
        }

        await (await QueryAsync(pool)).DisposeAsync();
        Console.WriteLine("free again");
    }

    private static Task<Stream> QueryAsync(ChdbClickHouse pool) =>
        pool.QueryAsync("SELECT number FROM system.numbers LIMIT 100000000", new Dictionary<string, string>(), "RowBinary", CancellationToken.None);
}
