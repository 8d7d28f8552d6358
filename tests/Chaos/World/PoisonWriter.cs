using System.Globalization;
using System.Text;
using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Tests.Support.Kafka;

namespace ECapture.Tests.Chaos.World;

/// <summary>Somebody else who writes into the topics of the pipeline what is no event: numbered records that must become dead letters.</summary>
internal sealed class PoisonWriter : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    private readonly LogAddress _kafka;
    private KafkaLogWriter _writer;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _giveUp = new();
    private readonly Task _writing;

    public PoisonWriter(LogAddress kafka)
    {
        _kafka = kafka;
        _writer = KafkaLog.OpenWriter(kafka);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Records that the broker acknowledged, as hexadecimal digits. One may be there twice: its first acknowledgement was lost.</summary>
    public List<string> Written { get; } = [];

    /// <summary>Writes no more; returns when the broker has acknowledged all.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        await _stop.CancelAsync();
        await _writing.WaitAsync(patience);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _giveUp.CancelAsync();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _writer.DisposeAsync();
        _stop.Dispose();
        _giveUp.Dispose();
    }

    private async Task WriteAsync()
    {
        for (int number = 0; !_stop.IsCancellationRequested; number++)
        {
            byte[] record = [0xFF, 0xFF, .. Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture))];
            string topic = number % 3 == 0 ? Topics.Bash : Topics.Tls;
            await AppendAsync(new LogEntry(new TopicPartition(topic, number % KafkaBroker.Partitions), default, record));
            Written.Add(Convert.ToHexStringLower(record));
            await Task.Delay(s_pause, _stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task AppendAsync(LogEntry entry)
    {
        while (true)
        {
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(_giveUp.Token);
            patience.CancelAfter(s_patience);
            try
            {
                await _writer.GetPartitionsAsync(entry.TopicPartition.Topic, patience.Token);
                await _writer.AppendAsync([entry], patience.Token);
                return;
            }
            catch (Exception e) when (e is LogException { IsTransient: true } || (e is OperationCanceledException && !_giveUp.IsCancellationRequested))
            {
                // The broker is away. What was given to it may arrive all the same.
                await _writer.DisposeAsync();
                _writer = KafkaLog.OpenWriter(_kafka);
                await Task.Delay(s_pause, _giveUp.Token);
            }
        }
    }
}
