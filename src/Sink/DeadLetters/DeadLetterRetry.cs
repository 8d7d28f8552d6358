using System.Buffers.Binary;
using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Sink.Delivery;
using ECapture.Sink.Operations;
using ECapture.Storage;
using ECapture.Storage.Tables;

namespace ECapture.Sink.DeadLetters;

/// <summary>
/// Runs a dead letter through the sink's check again, and stores its event where the check and the store now take it: once, however often it is
/// tried and wherever an earlier try was killed.
/// </summary>
internal sealed class DeadLetterRetry(OperationContext context)
{
    private readonly IRetryStore _store = context.Store switch
    {
        ClickHouseStore s => new ClickHouseRetryStore(s.Engine),
        PostgresStore s => new PostgresRetryStore(s),
        _ => throw new ArgumentException($"no retries for a {context.Store.GetType().Name}", nameof(context)),
    };

    /// <exception cref="StoreException">The store cannot be reached, or refuses for another reason than the row.</exception>
    public async Task<RetryOutcome> RunAsync(StoredDeadLetter letter, CancellationToken cancellationToken)
    {
        if (letter.IsResolved)
        {
            return new RetryOutcome(true, "was resolved before");
        }

        if (EventTable.Of(letter.Id.Topic) is not { } table)
        {
            return new RetryOutcome(false, $"still bad: this version has no table {letter.Id.Topic}");
        }

        if (Fault(letter) is { } fault)
        {
            return new RetryOutcome(false, "still bad: " + fault);
        }

        await context.Journal.AppendAsync(
            new Control { Action = "dlq.retry", Subject = letter.Id.ToString(), Actor = context.Actor(), Rows = 1, Bytes = (ulong)letter.Length, Detail = letter.Error },
            cancellationToken).ConfigureAwait(false);
        try
        {
            bool isStored = await _store.StoreAsync(Cut(letter), table, cancellationToken).ConfigureAwait(false);
            return new RetryOutcome(true, isStored ? $"stored in {table.Name}" : $"its event is in {table.Name} already");
        }
        catch (StoreException e) when (e.IsRowFault)
        {
            return new RetryOutcome(false, "still bad: " + e.Message);
        }
    }

    /// <summary>The identity of a letter that passed the check.</summary>
    internal static (StreamKey Stream, ulong Sequence, ulong WallNs) IdentityOf(StoredDeadLetter letter)
    {
        EventReader.TryRead(letter.Bytes, out EventFields fields);
        StreamKey stream = new(BinaryPrimitives.ReadUInt128BigEndian(fields.Run.Of(letter.Bytes)), fields.Partition);
        return (stream, fields.Sequence, fields.WallNs);
    }

    // What the policy lets the store keep holds for what comes late, too.
    private StoredDeadLetter Cut(StoredDeadLetter letter)
    {
        if (StoredCut.For(context.Policy, letter.Id.Topic) is not { } cut)
        {
            return letter;
        }

        EventReader.TryRead(letter.Bytes, out EventFields fields);
        return letter with { Bytes = cut.Apply(letter.Bytes, ref fields).ToArray() };
    }

    private static string? Fault(StoredDeadLetter letter) => EventCheck.Read(letter.Bytes, Encoding.UTF8.GetBytes(letter.Id.Topic), out _)?.Error;
}
