using System.Globalization;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Log.Local;
using ECapture.Tests.Support.Kafka;

namespace ECapture.Benchmarks.Sink;

/// <summary>The same events in a local log and, where it is wanted, on a real Kafka broker.</summary>
/// <param name="directory">Of the local log.</param>
/// <param name="broker">The broker; null: none is wanted.</param>
/// <param name="topic">Whose events they are.</param>
internal sealed class BenchLogs(string directory, KafkaBroker? broker, string topic)
{
    private const int PerAppend = 5_000;

    public string Local => "sqlite:" + directory;

    public string? Kafka => broker?.Address;

    public int BrokerPid => broker?.ProcessId ?? 0;

    // Beside the log, written when it is whole: how many events of which topic, and their bytes.
    private string Mark => directory + ".events";

    /// <summary>Fills both; a local log that an earlier run left with as many events is used as it is.</summary>
    /// <returns>Bytes of an event.</returns>
    public async Task<double> FillAsync(long events, Action<long> filled, CancellationToken cancellationToken)
    {
        EncodedEvents source = new(topic);
        string what = string.Create(CultureInfo.InvariantCulture, $"{events} {topic}");
        string[] mark = File.Exists(Mark) ? await File.ReadAllLinesAsync(Mark, cancellationToken) : [];
        bool isFilled = mark.Length == 2 && mark[0] == what;
        if (isFilled && broker is null)
        {
            return double.Parse(mark[1], CultureInfo.InvariantCulture);
        }

        if (!isFilled && Directory.Exists(directory))
        {
            throw new InvalidOperationException($"{directory} holds another log than one of {events} {topic} events: remove it, or name another folder");
        }

        LocalLog.Make(directory, Options);
        await using LocalLogConsumer keeper = LocalLog.OpenConsumer(directory, "keeper", [topic]); // nothing is dropped while a group is behind
        await using LocalLogWriter local = LocalLog.OpenWriter(directory, Options);
        await using KafkaLogWriter? kafka = broker is null ? null : KafkaLog.OpenWriter(LogAddress.Parse(broker.Address));
        if (kafka is not null)
        {
            await kafka.GetPartitionsAsync(topic, cancellationToken); // makes the topic
        }

        long bytes = 0;
        for (long done = 0; done < events;)
        {
            LogEntry[] entries =
                [.. source.Next((int)Math.Min(PerAppend, events - done)).Select(e => new LogEntry(new TopicPartition(topic, 0), default, e))];
            bytes += entries.Sum(entry => (long)entry.Value.Length);
            if (!isFilled)
            {
                await local.AppendAsync(entries, cancellationToken);
            }

            if (kafka is not null)
            {
                await kafka.AppendAsync(entries, cancellationToken);
            }

            done += entries.Length;
            filled(done);
        }

        await File.WriteAllLinesAsync(Mark, [what, ((double)bytes / events).ToString(CultureInfo.InvariantCulture)], cancellationToken);
        return (double)bytes / events;
    }

    private static LocalLogOptions Options { get; } = new() { MaxBytes = 64L << 30 };
}
