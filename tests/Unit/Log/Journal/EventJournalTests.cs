using System.Security.Cryptography;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Journal;
using ECapture.Log.Local;
using ECapture.Log.Streams;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Unit.Log.Journal;

public sealed class EventJournalTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ecapture-journal-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task Append_ControlAndAccess_AreEventsOfOneRunWithStartAndEnd()
    {
        AgentIdentity identity;
        await using (EventJournal journal = Open(out identity))
        {
            await journal.AppendAsync(new Control { Action = "hold.add", Subject = "case-7", Actor = "alice" }, Cancel);
            await journal.AppendAsync(new Access { Action = "pcapng", Actor = "bob", Outcome = Access.Types.Outcome.Refused }, Cancel);
            await journal.AppendAsync(new Control { Action = "hold.release", Subject = "case-7", Actor = "alice" }, Cancel);
        }

        List<Event> events = await ReadAsync();
        Assert.All(events, e => Assert.Equal(identity.Run, new Guid(e.Run.Span, bigEndian: true)));
        Assert.All(events, e => Assert.Equal(("t", "h"), (e.Tenant, e.Host)));
        Assert.Equal(["hold.add", "hold.release"], Of(events, Topics.Control).Select(e => e.Control.Action));
        Assert.Equal([0ul, 1ul], Of(events, Topics.Control).Select(e => e.Sequence));
        Assert.Equal(["bob"], Of(events, Topics.Access).Select(e => e.Access.Actor));
        Event[] agent = [.. Of(events, Topics.Agent)];
        Assert.Equal(AgentState.Types.State.Started, agent[0].AgentState.State);
        Assert.Equal(AgentState.Types.State.Stopped, agent[1].AgentState.State);
        Assert.Equal(Event.PayloadOneofCase.Checkpoint, agent[2].PayloadCase);
    }

    [Fact]
    public async Task Dispose_AfterEntries_CheckpointProvesEveryStream()
    {
        await using (EventJournal journal = Open(out _))
        {
            for (int i = 0; i < 5; i++)
            {
                await journal.AppendAsync(new Control { Action = "retention.drop", Rows = (ulong)i }, Cancel);
            }
        }

        List<byte[]> encoded = await ReadEncodedAsync();
        List<Event> events = [.. encoded.Select(Event.Parser.ParseFrom)];
        Checkpoint last = events.Last(e => e.PayloadCase == Event.PayloadOneofCase.Checkpoint).Checkpoint;
        foreach (Checkpoint.Types.Stream stream in last.Streams)
        {
            byte[] digest = new byte[32];
            int count = 0;
            for (int i = 0; i < events.Count; i++)
            {
                if (events[i].Topic == stream.Topic && events[i].Sequence <= stream.LastSequence)
                {
                    digest = SHA256.HashData([.. digest, .. encoded[i]]);
                    count++;
                }
            }

            Assert.Equal(stream.Count, (ulong)count);
            Assert.Equal(stream.Sha256.ToByteArray(), digest);
        }

        Assert.Equal([Topics.Agent, Topics.Control], last.Streams.Select(s => s.Topic));
    }

    [Fact]
    public async Task Append_LogIsFull_ThrowsAndTheNextEntryHasTheSequence()
    {
        LocalLogOptions small = new() { MaxBytes = 1 << 20, SegmentBytes = 256 << 10 };
        await using (EventJournal journal = Open(out _, small))
        {
            string large = new('x', 100_000);
            int appended = 0;
            LogException? refused = null;
            while (refused is null && appended < 100)
            {
                try
                {
                    await journal.AppendAsync(new Control { Action = "a", Detail = large }, Cancel);
                    appended++;
                }
                catch (LogException e)
                {
                    refused = e;
                }
            }

            Assert.NotNull(refused);
            Assert.InRange(appended, 1, 20);
            await ReadAsync(commit: true); // somebody reads it: there is room again
            await WaitUntilTakenAsync(journal);
        }

        ulong[] sequences = [.. Of(await ReadAsync(), Topics.Control).Select(e => e.Sequence)];
        Assert.NotEmpty(sequences);
        Assert.Equal(Enumerable.Range((int)sequences[0], sequences.Length).Select(i => (ulong)i), sequences);
    }

    [Fact]
    public async Task Dispose_NothingWasSaid_WritesNothing()
    {
        await using (EventJournal journal = Open(out _))
        {
            Assert.False(journal.HasEntries);
        }

        Assert.Empty(await ReadAsync());
    }

    [Fact]
    public async Task Open_AnotherHasIt_IsRefusedAsTransient()
    {
        await using EventJournal first = Open(out _);

        Assert.True(Assert.Throws<LogException>(() => Open(out _)).IsTransient);
    }

    [Fact]
    public async Task Append_JournalUnavailable_RefusesWithTheReason()
    {
        UnavailableJournal journal = new("no room");

        LogException control = await Assert.ThrowsAsync<LogException>(() => journal.AppendAsync(new Control(), Cancel));
        LogException access = await Assert.ThrowsAsync<LogException>(() => journal.AppendAsync(new Access(), Cancel));

        Assert.Contains("no room", control.Message, StringComparison.Ordinal);
        Assert.Contains("no room", access.Message, StringComparison.Ordinal);
    }

    private static async Task WaitUntilTakenAsync(EventJournal journal)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(120));
        while (true)
        {
            try
            {
                await journal.AppendAsync(new Control { Action = "b" }, limit.Token);
                return;
            }
            catch (LogException)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }

    private static IEnumerable<Event> Of(IEnumerable<Event> events, string topic) => events.Where(e => e.Topic == topic);

    private EventJournal Open(out AgentIdentity identity, LocalLogOptions? options = null)
    {
        identity = AgentIdentity.Create("t", "h");
        return EventJournal.Open(_root.FullName, identity, "sink", NullLogger.Instance, options);
    }

    private async Task<List<Event>> ReadAsync(bool commit = false) => [.. (await ReadEncodedAsync(commit)).Select(Event.Parser.ParseFrom)];

    private async Task<List<byte[]>> ReadEncodedAsync(bool commit = false)
    {
        await using LocalLogConsumer consumer = LocalLog.OpenConsumer(_root.FullName, "test", EventJournal.TopicNames);
        List<byte[]> encoded = [];
        Dictionary<TopicPartition, long> next = [];
        while (await consumer.ReceiveAsync(TimeSpan.FromSeconds(1), Cancel) is { Kind: not DeliveryKind.None } delivery)
        {
            if (delivery.Kind == DeliveryKind.Assigned)
            {
                consumer.Seek(delivery.Partition, commit ? 0 : -1);
            }

            foreach (LogRecord record in delivery.Records.Span)
            {
                encoded.Add(record.Value.ToArray());
                next[delivery.Partition] = record.Offset + 1;
            }
        }

        foreach ((TopicPartition partition, long offset) in commit ? next : [])
        {
            consumer.Commit(partition, offset);
        }

        return encoded;
    }
}
