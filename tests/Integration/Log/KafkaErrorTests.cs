using System.Diagnostics;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Tests.Support;

namespace ECapture.Tests.Integration.Log;

/// <summary>What a user reads when Kafka cannot be used.</summary>
public sealed class KafkaErrorTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenConsumer_NobodyListens_SaysSoWithinSeconds()
    {
        int port = FreePort.Next();
        long started = Stopwatch.GetTimestamp();
        LogException e = await Assert.ThrowsAsync<LogException>(
            () => KafkaLog.OpenConsumerAsync(LogAddress.Parse($"kafka://127.0.0.1:{port}"), "g", ["tls"], Cancelled));

        Assert.True(e.IsTransient);
        Assert.Contains($"127.0.0.1:{port}", e.Message, StringComparison.Ordinal);
        Assert.Contains("refused", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 60);
    }

    [Fact]
    public async Task OpenConsumer_NobodyListens_CancelledSoon()
    {
        using CancellationTokenSource cancel = new(TimeSpan.FromMilliseconds(500));
        long started = Stopwatch.GetTimestamp();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => KafkaLog.OpenConsumerAsync(LogAddress.Parse($"kafka://127.0.0.1:{FreePort.Next()}"), "g", ["tls"], cancel.Token));
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 30);
    }

    [Theory]
    [InlineData("no.such.option=1", "no.such.option")]
    [InlineData("linger.ms=soon", "linger.ms")]
    [InlineData("compression.type=rar", "compression.type")]
    public void OpenWriter_BadOption_NamesIt(string option, string named)
    {
        LogException e = Assert.Throws<LogException>(() => KafkaLog.OpenWriter(LogAddress.Parse($"kafka://127.0.0.1?{option}")));
        Assert.False(e.IsTransient);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OpenWriter_UserWithoutPassword_NamesTheVariable()
    {
        Assert.Null(Environment.GetEnvironmentVariable(LogAddress.PasswordVariable));
        LogException e = Assert.Throws<LogException>(
            () => KafkaLog.OpenWriter(LogAddress.Parse("kafka://127.0.0.1?security.protocol=sasl_plaintext&sasl.mechanism=PLAIN&sasl.username=me")));
        Assert.Contains(LogAddress.PasswordVariable, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Append_BrokerAway_WaitsUntilCancelled()
    {
        await using KafkaLogWriter writer = KafkaLog.OpenWriter(LogAddress.Parse($"kafka://127.0.0.1:{FreePort.Next()}"));
        using CancellationTokenSource cancel = new(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => writer.AppendAsync([new LogEntry(new TopicPartition("tls", 0), default, new byte[10])], cancel.Token).AsTask());
        Assert.NotNull(writer.LastError);
    }
}
