using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using ECapture.Capture;
using ECapture.Capture.Agent;
using ECapture.Capture.Publishing;
using ECapture.Log;
using ECapture.Log.Forwarding;
using ECapture.Log.Local;
using ECapture.Log.Streams;
using Microsoft.Extensions.Logging;

namespace ECapture.Tests.Chaos.Feeding;

/// <summary>
/// An agent without probes, in a process of its own that may be killed: the agent's publisher into a local log, forwarded to Kafka as the agent does.
/// It says on standard output "run ID", "acked TOPIC LAST" after every append, and at its end "drained PUBLISHED"; every line ends with " .", so that a line cut by a kill is known.
/// It is told on standard input "step NANOSECONDS" (of its wall clock) and "drain"; it ends when its input does.
/// </summary>
internal sealed class Feeder
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_append = TimeSpan.FromSeconds(10);

    private readonly ConcurrentQueue<string> _commands = [];
    private readonly TextWriter _output = Console.Out;
    private readonly FeederOptions _options;
    private readonly ILoggerFactory _loggers;

    private Feeder(FeederOptions options, ILoggerFactory loggers)
    {
        _options = options;
        _loggers = loggers;
    }

    /// <returns>The exit code: 1 when the log failed.</returns>
    public static async Task<int> RunAsync(FeederOptions options)
    {
        using ILoggerFactory loggers = LoggerFactory.Create(builder => builder.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        try
        {
            await new Feeder(options, loggers).RunAsync();
            return 0;
        }
        catch (LogException e)
        {
            await Console.Error.WriteLineAsync($"feeder: {e.Message}");
            return 2;
        }
    }

    /// <summary>Forwards a local log that nobody writes any more, until the input ends.</summary>
    public static async Task<int> ForwardAsync(FeederOptions options)
    {
        using ILoggerFactory loggers = LoggerFactory.Create(builder => builder.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        using CancellationTokenSource stop = new();
        Task forwarding = new Forwarder(options.Directory, LogAddress.Parse(options.Kafka!), new ForwarderOptions { Host = options.Host }, loggers.CreateLogger<Forwarder>())
            .RunAsync(stop.Token);
        await Task.WhenAny(forwarding, Task.Run(() => Console.In.ReadToEnd()));
        await stop.CancelAsync();
        await forwarding;
        return 0;
    }

    private async Task RunAsync()
    {
        using CancellationTokenSource stop = new();
        await using LocalLogWriter log = LocalLog.OpenWriter(_options.Directory, new LocalLogOptions { SegmentBytes = 8 << 20 });
        Task forwarding = _options.Kafka is null
            ? Task.Delay(Timeout.Infinite, stop.Token)
            : new Forwarder(
                _options.Directory, LogAddress.Parse(_options.Kafka), new ForwarderOptions { Host = _options.Host }, _loggers.CreateLogger<Forwarder>())
                .RunAsync(stop.Token);
        Task feeding = Task.Run(() => FeedAsync(log, stop.Token));
        Task input = Task.Run(ReadCommands);
        // Whichever ends first ends the others, as in `ecapture capture`.
        Task first = await Task.WhenAny(forwarding, feeding, input);
        await stop.CancelAsync();
        await feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await forwarding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    private void ReadCommands()
    {
        while (Console.In.ReadLine() is { } line)
        {
            _commands.Enqueue(line);
        }
    }

    private async Task FeedAsync(LocalLogWriter log, CancellationToken cancellationToken)
    {
        CaptureOptions options = new() { Host = _options.Host, KeepSecretsOpen = true };
        AgentIdentity identity = AgentIdentity.Create("", options.Host);
        SteppedClock clock = new();
        clock.Step(-_options.Behind.Ticks * 100);
        LossAccount losses = new(clock.Agent);
        AcknowledgedWriter writer = new(log, _output);
        await SayAsync($"run {identity.Run}");
        await using EventPublisher publisher = new(identity, options, clock.Agent, losses, writer, _loggers);
        AgentRecord record = new(identity, publisher);
        NumberedEvents events = new(publisher, clock.Agent, new Random(_options.Seed));
        long said = 1; // what the agent said of itself, losses apart
        record.Started(["chaos"]);
        long started = Stopwatch.GetTimestamp();
        for (int tick = 1; ; tick++)
        {
            while (events.Count < Stopwatch.GetElapsedTime(started).TotalSeconds * _options.Rate)
            {
                events.Publish();
            }

            if (tick % 10 == 0)
            {
                publisher.PublishLosses();
                if (clock.Agent.Measure() is not 0 and long step)
                {
                    record.ClockStep(step);
                    said++;
                }
            }

            if (tick % 100 == 0)
            {
                publisher.PublishCheckpoint([]);
                said++;
            }

            publisher.Pump(clock.Agent.BootNs);
            if (_commands.TryDequeue(out string? command))
            {
                if (command == "drain")
                {
                    break;
                }

                clock.Step(long.Parse(command.AsSpan("step ".Length), CultureInfo.InvariantCulture));
            }

            await Task.Delay(s_tick, cancellationToken);
        }

        // Everything that was published is in the log, or a loss in the log says that it is not.
        record.Stopped();
        said++;
        do
        {
            publisher.PublishLosses();
            publisher.PublishCheckpoint([]);
            said++;
        }
        while (!publisher.Drain(s_append) || writer.IsRefusing);

        await SayAsync($"drained {events.Count + said}");
        await Task.Delay(Timeout.Infinite, cancellationToken); // the forwarder goes on
    }

    private async Task SayAsync(string line)
    {
        await _output.WriteAsync(line + " .\n");
        await _output.FlushAsync();
    }
}
