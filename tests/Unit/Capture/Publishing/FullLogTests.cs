using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Local;

namespace ECapture.Tests.Unit.Capture.Publishing;

/// <summary>The publisher over a real local log that reaches its size limit while nobody reads it.</summary>
public sealed class FullLogTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publish_LogIsFull_WhatWasAppendedStaysAndTheRestIsDeclared()
    {
        const int Sent = 400;
        const int Size = 20_000; // 8 MB into a log of 2
        string folder = Directory.CreateTempSubdirectory("ecapture-full-").FullName;
        try
        {
            LocalLogOptions options = new() { MaxBytes = 2 << 20, SegmentBytes = 512 << 10 };
            LocalLog.Make(folder, options);
            await using LocalLogWriter writer = LocalLog.OpenWriter(folder, options);
            await using LocalLogConsumer reader = LocalLog.OpenConsumer(folder, "sink", [Topics.Tls, Topics.Agent]);
            await using PublisherFixture fixture = new(log: writer);
            byte[] data = new byte[Size];
            for (int i = 0; i < Sent; i++)
            {
                fixture.Publisher.PublishTlsData(Topics.Tls, PublisherFixture.Header(), Direction.Sent, "openssl", (ulong)i, data);
                fixture.Drain();
            }

            Assert.InRange(Directory.EnumerateFiles(folder).Sum(file => new FileInfo(file).Length), 1, 3 << 20);
            List<Event> read = await ReadAsync(reader, events => events.Count > 0 && events[^1].Topic == Topics.Tls);
            int kept = read.Count;
            Assert.InRange(kept, 20, Sent - 1);

            // What was read makes room, and the publisher says what it had to leave out.
            long until = Environment.TickCount64 + 30_000;
            while (!read.Any(e => e.Loss is not null))
            {
                Assert.True(Environment.TickCount64 < until, "no loss was declared although there is room");
                fixture.Publisher.PublishLosses();
                fixture.Drain();
                read.AddRange(await ReadAsync(reader, _ => true));
            }

            Assert.Equal(Enumerable.Range(0, kept).Select(i => (ulong)i), read.Where(e => e.TlsData is not null).Select(e => e.Sequence));
            Loss[] losses = [.. read.Where(e => e.Loss is not null).Select(e => e.Loss)];
            Assert.All(losses, loss => Assert.Equal("log", loss.Where));
            Assert.All(losses, loss => Assert.Contains("is full", loss.Why, StringComparison.Ordinal));
            Assert.Equal((ulong)(Sent - kept), losses.Aggregate(0UL, (sum, loss) => sum + loss.Records));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Reads and commits everything that is there.
    private static async Task<List<Event>> ReadAsync(LocalLogConsumer reader, Func<List<Event>, bool> isWhole)
    {
        List<Event> events = [];
        while (true)
        {
            Delivery delivery = await reader.ReceiveAsync(TimeSpan.FromMilliseconds(100), Cancel);
            switch (delivery.Kind)
            {
                case DeliveryKind.Assigned:
                    reader.Seek(delivery.Partition, -1);
                    break;
                case DeliveryKind.Records:
                    foreach (LogRecord record in delivery.Records.Span)
                    {
                        events.Add(Event.Parser.ParseFrom(record.Value.Span));
                    }

                    reader.Commit(delivery.Partition, delivery.Records.Span[^1].Offset + 1);
                    break;
                case DeliveryKind.None when isWhole(events):
                    return events;
            }
        }
    }
}
