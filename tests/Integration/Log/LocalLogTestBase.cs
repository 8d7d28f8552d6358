using System.Globalization;
using System.Text;
using ECapture.Log;
using ECapture.Log.Local;

namespace ECapture.Tests.Integration.Log;

/// <summary>A directory for a log and the small moves that its tests share.</summary>
public abstract class LocalLogTestBase : IDisposable
{
    protected static readonly TopicPartition Tls = new("tls", 0);
    protected static readonly TopicPartition Packet = new("packet", 0);

    protected string Root { get; } = Directory.CreateTempSubdirectory("ecapture-log-").FullName;

    protected string Log => Path.Combine(Root, "log");

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected static LocalLogOptions Small { get; } = new() { SegmentBytes = 256 << 10, MaxBytes = 2 << 20 };

    public void Dispose()
    {
        Directory.Delete(Root, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected static LogEntry Entry(TopicPartition partition, long number, int padding = 0) =>
        new(partition, default, Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture) + new string('.', padding)));

    protected static ValueTask AppendAsync(ILogWriter writer, long from, int count, int padding = 0) =>
        writer.AppendAsync([.. Enumerable.Range(0, count).Select(i => Entry(Tls, from + i, padding))], Cancelled);

    protected LogReader Reader(string group, params string[] topics) =>
        new(LocalLog.OpenConsumer(Log, group, topics.Length == 0 ? ["tls"] : topics, new LocalConsumerOptions { Lease = TimeSpan.FromSeconds(1) }));

    protected static long Number(byte[] value) => long.Parse(Encoding.UTF8.GetString(value).TrimEnd('.'), CultureInfo.InvariantCulture);

    protected static IEnumerable<long> Numbers(LogReader reader) => reader.Records.Select(r => Number(r.Value));

    protected string[] SegmentFiles() => [.. Directory.EnumerateFiles(Log, "segment-*.db").Order(StringComparer.Ordinal)];
}
