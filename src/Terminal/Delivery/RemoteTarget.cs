using System.Threading.Channels;

namespace ECapture.Terminal.Delivery;

/// <summary>
/// A receiver over the network. Capture never waits for it: what it does not take is kept up to a bound, then counted, and the count is declared as a record of its own in its place. A record that was
/// being sent when the connection broke is sent again, so it may come twice.
/// </summary>
/// <param name="name">As the user gave it.</param>
/// <param name="connect">Makes a connection that is not connected yet.</param>
/// <param name="declare">Makes the record that says how many were lost.</param>
/// <param name="options">Bounds.</param>
/// <param name="say">Tells the user.</param>
internal sealed class RemoteTarget(string name, Func<IRemoteChannel> connect, Func<long, byte[]> declare, RemoteOptions options, Action<string> say)
    : IRecordTarget
{
    private readonly Channel<byte[]> _queue = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions());
    private readonly CancellationTokenSource _stop = new();
    private Task _sending = Task.CompletedTask;
    private long _queuedBytes;
    private long _lost;

    /// <summary>Bytes that wait.</summary>
    internal long QueuedBytes => Volatile.Read(ref _queuedBytes);

    /// <summary>Connects for the first time and begins to send.</summary>
    /// <exception cref="IOException">The receiver is not there.</exception>
    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        IRemoteChannel first = connect();
        try
        {
            await ConnectAsync(first, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            first.Dispose();
            throw;
        }

        _sending = Task.Run(() => RunAsync(first), CancellationToken.None);
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> record)
    {
        DeclareLost();
        if (_lost > 0 || !TryEnqueue(record.ToArray()))
        {
            _lost++;
            TerminalMetrics.Lost.Add(1);
        }
    }

    /// <inheritdoc/>
    public void Tick() => DeclareLost();

    /// <inheritdoc/>
    public void Complete()
    {
        DeclareLost();
        _queue.Writer.TryComplete();
        bool isSent = _sending.Wait(options.DrainLimit);
        _stop.Cancel();
        _sending.Wait();
        if (!isSent || _lost > 0)
        {
            say($"{name}: {QueuedBytes} bytes were not delivered before the end{(_lost > 0 ? $", and {_lost} records lost" : "")}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _stop.Cancel();
        _sending.Wait();
        _stop.Dispose();
    }

    private void DeclareLost()
    {
        if (_lost > 0 && TryEnqueue(declare(_lost)))
        {
            _lost = 0;
        }
    }

    private bool TryEnqueue(byte[] record)
    {
        if (QueuedBytes + record.Length > options.MostQueuedBytes || !_queue.Writer.TryWrite(record))
        {
            return false;
        }

        Interlocked.Add(ref _queuedBytes, record.Length);
        return true;
    }

    private async Task ConnectAsync(IRemoteChannel channel, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ConnectLimit);
        try
        {
            await channel.ConnectAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"no answer within {options.ConnectLimit.TotalSeconds} s", e);
        }
    }

    private async Task RunAsync(IRemoteChannel channel)
    {
        TimeSpan pause = options.FirstPause;
        bool isConnected = true;
        byte[]? record = null;
        try
        {
            while (true)
            {
                try
                {
                    if (!isConnected)
                    {
                        channel = connect();
                        await ConnectAsync(channel, _stop.Token).ConfigureAwait(false);
                        isConnected = true;
                        pause = options.FirstPause;
                        say($"{name}: connected again");
                    }

                    while ((record ?? await NextAsync(channel).ConfigureAwait(false)) is { } next)
                    {
                        record = next;
                        await channel.SendAsync(next, _stop.Token).ConfigureAwait(false);
                        Interlocked.Add(ref _queuedBytes, -next.Length);
                        record = null;
                    }

                    await channel.FinishAsync(_stop.Token).ConfigureAwait(false);
                    return; // nothing comes any more
                }
                catch (IOException e)
                {
                    if (isConnected)
                    {
                        say($"{name}: {e.Message}; what is captured meanwhile is kept up to {options.MostQueuedBytes} bytes, then counted");
                    }

                    isConnected = false;
                }
                finally
                {
                    if (!isConnected || _stop.IsCancellationRequested || _queue.Reader.Completion.IsCompleted)
                    {
                        channel.Dispose();
                    }
                }

                await Task.Delay(pause, _stop.Token).ConfigureAwait(false);
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, options.LongestPause.Ticks));
            }
        }
        catch (OperationCanceledException)
        {
            // The command ends.
        }
    }

    private async Task<byte[]?> NextAsync(IRemoteChannel channel)
    {
        if (_queue.Reader.TryRead(out byte[]? waiting))
        {
            return waiting;
        }

        Task<bool> more = _queue.Reader.WaitToReadAsync(_stop.Token).AsTask();
        if (await Task.WhenAny(more, channel.Closed).ConfigureAwait(false) != more)
        {
            throw new IOException("the receiver closed the connection");
        }

        return await more.ConfigureAwait(false) && _queue.Reader.TryRead(out byte[]? next) ? next : null;
    }
}
