using ECapture.Capture.Bpf;
using ECapture.Capture.Publishing;
using ECapture.Log.Streams;

namespace ECapture.Capture.Agent;

/// <summary>The work of the capture thread between the start and the end of a run.</summary>
internal sealed class CaptureLoop(
    RingReader rings, ModuleSet modules, EventPublisher publisher, LossAccount losses, ProbeAccount probes, AgentClock clock, AgentRecord record,
    Action onTick)
{
    private const ulong Millisecond = 1_000_000;
    private const ulong TickNs = 100 * Millisecond;
    private const ulong LossNs = 1000 * Millisecond;
    private const ulong ClockNs = 2000 * Millisecond;
    private const ulong CheckpointNs = 10_000 * Millisecond;
    private static readonly TimeSpan s_idle = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_waiting = TimeSpan.FromMilliseconds(5);

    private ulong _tick;
    private ulong _loss;
    private ulong _clock;
    private ulong _checkpoint = clock.BootNs + CheckpointNs;

    /// <summary>Reads and publishes until it is cancelled.</summary>
    internal void Run(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            int records = rings.Poll(publisher.IsWaiting ? s_waiting : s_idle);
            if (records > 0)
            {
                CaptureMetrics.Records.Add(records);
            }

            ulong now = clock.BootNs;
            PassTime(now);
            publisher.Pump(now);
        }
    }

    /// <summary>Detaches, reads what is left in the rings, publishes what is open, and ends the record of the run.</summary>
    internal void Stop()
    {
        modules.Detach();
        CaptureMetrics.Records.Add(rings.Consume(TimeSpan.FromMilliseconds(700)));
        rings.Discard();
        modules.Flush();
        publisher.ReleaseHeld(ulong.MaxValue);
        PublishLosses();
        record.Stopped();
        if (publisher.Drain(TimeSpan.FromMilliseconds(700)))
        {
            publisher.PublishCheckpoint(probes.Snapshot());
            publisher.Drain(TimeSpan.FromMilliseconds(200));
        }
    }

    private void PassTime(ulong now)
    {
        if (IsDue(ref _tick, now, TickNs))
        {
            onTick();
            modules.Tick(now);
            publisher.ReleaseHeld(now);
        }

        if (IsDue(ref _loss, now, LossNs))
        {
            PublishLosses();
        }

        if (IsDue(ref _clock, now, ClockNs) && clock.Measure() is not 0 and long step)
        {
            record.ClockStep(step);
        }

        if (IsDue(ref _checkpoint, now, CheckpointNs))
        {
            publisher.PublishCheckpoint(probes.Snapshot());
        }
    }

    private void PublishLosses()
    {
        losses.Poll();
        probes.DeclareMissed();
        publisher.PublishLosses();
    }

    private static bool IsDue(ref ulong next, ulong now, ulong every)
    {
        if (now < next)
        {
            return false;
        }

        next = now + every;
        return true;
    }
}
