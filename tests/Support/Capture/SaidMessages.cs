using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ECapture.Tests.Support.Capture;

/// <summary>Keeps what an agent logs, so that a test can wait for what this agent, and no other on the machine, has done.</summary>
public sealed class SaidMessages : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _messages = new();

    /// <summary>Everything that was said so far.</summary>
    public IReadOnlyList<string> All => [.. _messages];

    /// <summary>Waits for a message that holds every one of the parts.</summary>
    /// <exception cref="TimeoutException">It was not said in time; holds what was.</exception>
    public Task WaitForAsync(TimeSpan patience, CancellationToken cancellationToken, params string[] parts) => WaitForAsync(1, patience, cancellationToken, parts);

    /// <summary>Waits until it was said so many times.</summary>
    /// <exception cref="TimeoutException">It was not said in time; holds what was.</exception>
    public async Task WaitForAsync(int times, TimeSpan patience, CancellationToken cancellationToken, params string[] parts)
    {
        long end = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        while (_messages.Count(m => parts.All(p => m.Contains(p, StringComparison.Ordinal))) < times)
        {
            if (Environment.TickCount64 > end)
            {
                throw new TimeoutException($"the agent did not say \"{string.Join(" … ", parts)}\" {times} times within {patience}; it said:\n{string.Join('\n', _messages)}");
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _messages.Enqueue(formatter(state, exception));

    public void Dispose()
    {
        // Nothing is held.
    }
}
