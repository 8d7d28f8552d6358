// A process beside a test that uses the same local log: it is killed, stopped, or run as another user.
//   LogPeer write DIR              appends numbers to tls/0 without end; prints each last number that was appended
//   LogPeer read DIR GROUP LEASE   prints what it owns and reads; lines on its input: "commit OFFSET"
using System.Globalization;
using System.Text;
using ECapture.Log;
using ECapture.Log.Local;

TopicPartition tls = new("tls", 0);
try
{
    switch (args)
    {
        case ["write", string directory]:
            await WriteAsync(directory);
            return 0;
        case ["read", string directory, string group, string lease]:
            await ReadAsync(directory, group, TimeSpan.FromMilliseconds(int.Parse(lease, CultureInfo.InvariantCulture)));
            return 0;
        default:
            Console.Error.WriteLine("usage: LogPeer write DIR | read DIR GROUP LEASE");
            return 2;
    }
}
catch (LogException e)
{
    Console.WriteLine($"error {e.Message}");
    return 1;
}

async Task WriteAsync(string directory)
{
    await using LocalLogWriter writer = LocalLog.OpenWriter(directory, new LocalLogOptions { SegmentBytes = 1 << 20, MaxBytes = 1L << 30 });
    for (long next = 0; ;)
    {
        List<LogEntry> entries = [];
        for (int i = 0; i < 97; i++)
        {
            entries.Add(new LogEntry(tls, default, Encoding.UTF8.GetBytes((next++).ToString(CultureInfo.InvariantCulture))));
        }

        await writer.AppendAsync(entries, default);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"appended {next - 1}"));
    }
}

async Task ReadAsync(string directory, string group, TimeSpan lease)
{
    await using LocalLogConsumer consumer = LocalLog.OpenConsumer(directory, group, ["tls"], new LocalConsumerOptions { Lease = lease });
    Task<string?> line = Task.Run(Console.In.ReadLine);
    while (true)
    {
        Delivery delivery = await consumer.ReceiveAsync(TimeSpan.FromMilliseconds(50), default);
        if (delivery.Kind == DeliveryKind.Assigned)
        {
            consumer.Seek(delivery.Partition, -1);
        }

        if (delivery.Kind is DeliveryKind.Assigned or DeliveryKind.Revoked)
        {
            Console.WriteLine($"{delivery.Kind} {delivery.Partition}");
        }

        foreach (LogRecord record in delivery.Records.Span)
        {
            Console.WriteLine($"read {Encoding.UTF8.GetString(record.Value.Span)}");
        }

        if (line.IsCompleted)
        {
            if (await line is not { } command)
            {
                return;
            }

            consumer.Commit(tls, long.Parse(command.AsSpan("commit ".Length), CultureInfo.InvariantCulture));
            Console.WriteLine("committed");
            line = Task.Run(Console.In.ReadLine);
        }
    }
}
