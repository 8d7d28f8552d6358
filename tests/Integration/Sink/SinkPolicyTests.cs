using System.Security.Cryptography;
using ECapture.Events.V1;
using ECapture.Policies;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Sink;
using Google.Protobuf;

namespace ECapture.Tests.Integration.Sink;

/// <summary>What the policy lets the store keep, in real stores.</summary>
public sealed class SinkPolicyTests(StoresFixture stores)
{
    private const int Keep = 16;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StoreKind.ClickHouse)]
    [InlineData(StoreKind.Postgres)]
    public async Task Run_PayloadsAboveKeep_AreStoredCutOnceAndSaySo(StoreKind kind)
    {
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
        PolicyReading policy = Policy.Read("""{"modules":{"default":{"sink":{"keep":16}},"bash":{"sink":{"keep":0}}}}"""u8, null, Policy.LargestKeep);
        Assert.Empty(policy.Errors);
        MemoryLog log = new();
        EventFeed feed = new(seed: 91);
        for (int start = 0; start < 3; start++)
        {
            feed.Fill(log, 400);
            await using SinkRun sink = new(log, store, batchRows: 50, recordsPerDelivery: 20, policy: policy.Policy);
            await sink.StopAsync(); // anywhere in its work: what was settled is written again
        }

        await using SinkRun last = new(log, store, policy: policy.Policy);
        await last.WaitDrainedAsync(Cancel);

        List<StoredEvent> expected = [.. feed.Expected.Select(Cut)];
        Assert.True(expected.Except(feed.Expected).Count() > 100, "hardly anything was to be cut");
        SinkAssert.Same(expected, await StoredEvents.ReadAsync(store, Cancel));
    }

    // By the generated classes: a second way to the same bytes.
    private static StoredEvent Cut(StoredEvent logged)
    {
        Event made = Event.Parser.ParseFrom(Convert.FromHexString(logged.Encoded));
        int keep = logged.Table switch { "bash" => 0, "secret" => int.MaxValue, _ => Keep };
        ByteString? main = made.PayloadCase switch
        {
            Event.PayloadOneofCase.TlsData => made.TlsData.Data,
            Event.PayloadOneofCase.Packet => made.Packet.Data,
            Event.PayloadOneofCase.ShellCommand => made.ShellCommand.Text,
            Event.PayloadOneofCase.SqlStatement => made.SqlStatement.Statement,
            _ => null,
        };
        if (main is null || main.Length <= keep)
        {
            return logged;
        }

        ByteString kept = ByteString.CopyFrom(main.Span[..keep]);
        switch (made.PayloadCase)
        {
            case Event.PayloadOneofCase.TlsData:
                made.TlsData.Data = kept;
                break;
            case Event.PayloadOneofCase.Packet:
                made.Packet.Data = kept;
                break;
            case Event.PayloadOneofCase.ShellCommand:
                made.ShellCommand.Text = kept;
                break;
            default:
                made.SqlStatement.Statement = kept;
                break;
        }

        made.Truncation ??= new Truncation { Length = (ulong)main.Length, Sha256 = ByteString.CopyFrom(SHA256.HashData(main.Span)) };
        made.Truncation.Logged = (ulong)main.Length;
        return logged with { Encoded = Convert.ToHexString(made.ToByteArray()) };
    }
}
