using System.Text.Json.Serialization;

namespace ECapture.Benchmarks.Sink;

/// <summary>What a process of the benchmark measured between its first events, which warm the code up, and its last.</summary>
/// <param name="Events">Events in between.</param>
/// <param name="Seconds">Wall clock.</param>
/// <param name="OwnCpu">User and system seconds of the process itself (with an in-process engine: of both).</param>
/// <param name="EngineCpu">Those of the store's processes; 0 when it has none.</param>
/// <param name="BrokerCpu">Those of Kafka's broker; 0 without.</param>
/// <param name="Allocated">Managed bytes (GC.GetTotalAllocatedBytes).</param>
/// <param name="PeakRss">Most resident memory of the process since its start, bytes (VmHWM).</param>
/// <param name="Batches">Batches that the sink wrote; 0 without a sink.</param>
/// <param name="Stored">Rows that the table holds in the end; what was consumed, without a store.</param>
internal sealed record Measured(long Events, double Seconds, double OwnCpu, double EngineCpu, double BrokerCpu, long Allocated, long PeakRss, long Batches, long Stored)
{
    /// <summary>Events per second.</summary>
    [JsonIgnore]
    public double Rate => Events / Seconds;

    /// <summary>Events per processor second of the process itself.</summary>
    [JsonIgnore]
    public double PerOwnCpu => Events / OwnCpu;

    /// <summary>Events per processor second of the process and the engine.</summary>
    [JsonIgnore]
    public double PerCpu => Events / (OwnCpu + EngineCpu);

    /// <summary>Managed bytes per event.</summary>
    [JsonIgnore]
    public double AllocatedPerEvent => (double)Allocated / Events;
}

/// <summary>Takes the times: <see cref="At"/> is told how far it is.</summary>
/// <param name="warmUp">Events before the measurement begins.</param>
/// <param name="total">Events of all.</param>
/// <param name="enginePid">The store's process, or 0.</param>
/// <param name="brokerPid">The broker's process, or 0.</param>
internal sealed class Meter(long warmUp, long total, int enginePid, int brokerPid)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _batches;
    private long _batchesAtStart;
    private (long Events, double Time, double Own, double Engine, double Broker, long Allocated) _from;
    private (long Events, double Time, double Own, double Engine, double Broker, long Allocated) _to;

    /// <summary>A batch is being written.</summary>
    public void Batch() => Interlocked.Increment(ref _batches);

    /// <summary>Ends when all events are through.</summary>
    public Task Done => _done.Task;

    /// <summary>So many events are through.</summary>
    public void At(long events)
    {
        if (_from.Events == 0 && events >= warmUp)
        {
            _from = Now(events);
            _batchesAtStart = _batches;
        }

        if (events >= total && _to.Events == 0)
        {
            long allocated = GC.GetTotalAllocatedBytes(precise: true); // looking through /proc takes megabytes
            _to = Now(events);
            _to.Allocated = allocated;
            _done.TrySetResult();
        }
    }

    public Measured Result(long stored) => new(
        _to.Events - _from.Events, _to.Time - _from.Time, _to.Own - _from.Own, _to.Engine - _from.Engine, _to.Broker - _from.Broker,
        _to.Allocated - _from.Allocated, CpuTime.PeakRss, _batches - _batchesAtStart, stored);

    private (long, double, double, double, double, long) Now(long events) => (
        events,
        System.Diagnostics.Stopwatch.GetTimestamp() / (double)System.Diagnostics.Stopwatch.Frequency,
        CpuTime.OwnSeconds,
        enginePid > 0 ? CpuTime.SecondsOf(enginePid) : 0,
        brokerPid > 0 ? CpuTime.SecondsOf(brokerPid) : 0,
        GC.GetTotalAllocatedBytes(precise: true));
}
