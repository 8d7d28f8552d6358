using System.Globalization;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Kafka;
using ECapture.Sink.Delivery;
using Google.Protobuf;

namespace ECapture.Sink.DeadLetters;

/// <summary>
/// The topics <c>….dlq</c> of a log. Opened by the first dead letter, so a sink that meets none needs no right to write.
/// </summary>
/// <param name="open">Opens the log.</param>
/// <param name="store">Address of the store that the records were on their way to.</param>
/// <param name="clock">Time.</param>
public sealed class DeadLetterTopic(Func<ILogWriter> open, string store, TimeProvider clock) : IDeadLetterTopic, IAsyncDisposable
{
    /// <summary>Bytes of a record in one piece; with what is said of it a piece stays below <see cref="LogLimits.MaxRecordBytes"/>.</summary>
    public const int PieceBytes = 512 << 10;

    // A store's message may hold what it was sent.
    private const int MaxErrorChars = 4096;
    private const int PiecesPerAppend = 8;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<string, int> _partitions = new(StringComparer.Ordinal);
    private ILogWriter? _writer;

    /// <inheritdoc/>
    public async Task AppendAsync(string log, IReadOnlyList<DeadRecord> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        if (records.All(record => record.IsOnTopic))
        {
            return;
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (DeadRecord record in records.Where(record => !record.IsOnTopic))
            {
                await AppendAsync(log, record, cancellationToken).ConfigureAwait(false);
                record.IsOnTopic = true;
            }
        }
        catch (LogException)
        {
            // A producer may be broken for good: the next attempt has another one.
            await CloseAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    // A producer waits for its broker without end; here somebody is to know.
    private async Task AppendAsync(string log, DeadRecord record, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            _writer ??= open();
            TopicPartition to = await PlaceAsync(_writer, record.Letter, patience.Token).ConfigureAwait(false);
            foreach (LogEntry[] entries in Pieces(log, record, to).Chunk(PiecesPerAppend))
            {
                await _writer.AppendAsync(entries, patience.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LogException(
                $"{Topics.DeadLetters(record.Letter.Topic)} did not take the dead letter {record.Letter.Partition}/{record.Letter.Offset} within {s_patience.TotalSeconds:0} s: are its brokers up?", isTransient: true, e);
        }
    }

    private async ValueTask CloseAsync()
    {
        if (_writer is { } writer)
        {
            _writer = null;
            _partitions.Clear();
            await writer.DisposeAsync().ConfigureAwait(false);
        }
    }

    // The partition of the same number, as far as there are as many.
    private async ValueTask<TopicPartition> PlaceAsync(ILogWriter writer, DeadLetter letter, CancellationToken cancellationToken)
    {
        string topic = Topics.DeadLetters(letter.Topic);
        if (writer is not KafkaLogWriter kafka)
        {
            return new TopicPartition(topic, 0);
        }

        if (!_partitions.TryGetValue(topic, out int count))
        {
            count = await kafka.GetPartitionsAsync(topic, cancellationToken).ConfigureAwait(false);
            _partitions.Add(topic, count);
        }

        return new TopicPartition(topic, letter.Partition % count);
    }

    private IEnumerable<LogEntry> Pieces(string log, DeadRecord record, TopicPartition to)
    {
        DeadLetter letter = record.Letter;
        string id = new DeadLetterId(letter.Topic, letter.Partition, letter.Offset, log).ToString();
        ulong at = (ulong)(clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        int position = 0;
        do
        {
            ReadOnlyMemory<byte> data = record.Bytes.Slice(position, Math.Min(PieceBytes, record.Bytes.Length - position));
            DeadLetterPart part = new()
            {
                Log = log,
                Topic = letter.Topic,
                Partition = (uint)letter.Partition,
                Offset = (ulong)letter.Offset,
                Kind = letter.Kind,
                Error = letter.Error.Length > MaxErrorChars ? letter.Error[..MaxErrorChars] : letter.Error,
                AtNs = at,
                Store = store,
                Length = (ulong)record.Bytes.Length,
                Position = (ulong)position,
                Data = UnsafeByteOperations.UnsafeWrap(data),
            };
            string key = position == 0 ? id : string.Create(CultureInfo.InvariantCulture, $"{id}+{position}");
            yield return new LogEntry(to, Encoding.UTF8.GetBytes(key), part.ToByteArray());
            position += data.Length;
        }
        while (position < record.Bytes.Length);
    }
}
