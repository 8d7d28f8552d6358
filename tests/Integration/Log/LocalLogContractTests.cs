using ECapture.Log;
using ECapture.Log.Local;

namespace ECapture.Tests.Integration.Log;

/// <summary>The contract over SQLite.</summary>
public sealed class LocalLogContractTests : LogContract, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("ecapture-log-").FullName;
    private readonly LocalLogOptions _options = new() { SegmentBytes = 1 << 20, MaxBytes = 1 << 30 };

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    protected override Task<ILogWriter> OpenWriterAsync() =>
        Task.FromResult<ILogWriter>(LocalLog.OpenWriter(_directory, _options));

    protected override Task<ILogConsumer> OpenConsumerAsync(string group, params string[] topics) =>
        Task.FromResult<ILogConsumer>(LocalLog.OpenConsumer(_directory, group, topics, new LocalConsumerOptions { Lease = TimeSpan.FromSeconds(2) }));

    protected override Task<ILogReader> OpenReaderAsync() => LogReaders.OpenAsync(LogAddress.Parse("sqlite:" + _directory), TestContext.Current.CancellationToken);

    // A partition of the local log is made by its first record.
    protected override Task PrepareAsync(string topic)
    {
        LocalLog.Make(_directory, _options);
        return Task.CompletedTask;
    }
}
