using ECapture.Capture.Bpf;
using ECapture.Capture.Modules;
using ECapture.Log.Streams;

namespace ECapture.Capture.Publishing;

/// <summary>
/// Adds up what was not kept, in the kernel and here, until a <c>Loss</c> event of it is in the log. Counting is safe from any thread.
/// </summary>
internal sealed class LossAccount(AgentClock clock) : ILossAccount
{
    // enum loss_reason of bpf/include/record.h
    private static readonly string[] s_reasons =
        ["ring full", "no scratch slot", "memory fault", "map full", "not found", "share of a full ring", "reason 6", "reason 7"];

    /// <summary>Indices of the kernel's counters.</summary>
    internal static IEnumerable<int> Reasons => Enumerable.Range(0, s_reasons.Length);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Where, string Why, uint Cpu), LossEntry> _open = [];
    private readonly Dictionary<string, ulong> _totals = [];
    private readonly List<Watched> _watched = [];
    private readonly ulong[] _perProcessor = new ulong[BpfMap.Processors];
    private ulong _polledNs = clock.BootNs;
    private long _rejected;

    /// <summary>How often a module said that it could not use a record, since the start.</summary>
    internal long Rejected => Volatile.Read(ref _rejected);

    /// <inheritdoc/>
    public void Watch(string module, BpfObject obj) =>
        _watched.Add(new Watched("ring:" + module, obj.Maps["losses"], new ulong[s_reasons.Length * BpfMap.Processors]));

    /// <inheritdoc/>
    void ILossAccount.Count(string where, string why, ulong records)
    {
        Interlocked.Increment(ref _rejected);
        Count(where, why, records);
    }

    /// <summary>Counts what the pipeline behind the modules did not keep.</summary>
    internal void Count(string where, string why, ulong records = 1)
    {
        ulong now = clock.BootNs;
        AddNew(new LossEntry(where, why, LossEntry.NoCpu, records, now, now));
    }

    /// <summary>All that a module lost since the start: at its ring, in its decoder, in its queue.</summary>
    internal ulong TotalOf(string module)
    {
        lock (_lock)
        {
            ulong total = 0;
            foreach ((string where, ulong records) in _totals)
            {
                total += where == module || where.EndsWith(":" + module, StringComparison.Ordinal) ? records : 0;
            }

            return total;
        }
    }

    /// <summary>Adds a loss that was declared in a batch that was refused.</summary>
    internal void Add(in LossEntry loss)
    {
        if (loss.Records == 0)
        {
            return;
        }

        lock (_lock)
        {
            (string, string, uint) key = (loss.Where, loss.Why, loss.Cpu);
            _open[key] = _open.TryGetValue(key, out LossEntry open)
                ? open with
                {
                    Records = open.Records + loss.Records,
                    FromNs = Math.Min(open.FromNs, loss.FromNs),
                    ToNs = Math.Max(open.ToNs, loss.ToNs),
                }
                : loss;
        }
    }

    /// <summary>Reads the kernel's counters. On the capture thread, while the watched objects are loaded.</summary>
    internal void Poll()
    {
        ulong now = clock.BootNs;
        foreach (Watched watched in _watched)
        {
            for (uint reason = 0; reason < s_reasons.Length; reason++)
            {
                watched.Losses.ReadPerProcessor(reason, _perProcessor);
                for (int cpu = 0; cpu < _perProcessor.Length; cpu++)
                {
                    ref ulong seen = ref watched.Seen[((int)reason * _perProcessor.Length) + cpu];
                    AddNew(new LossEntry(watched.Where, s_reasons[reason], (uint)cpu, _perProcessor[cpu] - seen, _polledNs, now));
                    seen = _perProcessor[cpu];
                }
            }
        }

        _polledNs = now;
    }

    /// <summary>Takes all that is not declared yet.</summary>
    internal LossEntry[] Take()
    {
        lock (_lock)
        {
            LossEntry[] open = [.. _open.Values];
            _open.Clear();
            return open;
        }
    }

    private void AddNew(in LossEntry loss)
    {
        if (loss.Records > 0)
        {
            lock (_lock)
            {
                _totals[loss.Where] = _totals.GetValueOrDefault(loss.Where) + loss.Records;
            }

            Add(loss);
        }
    }

    private sealed record Watched(string Where, BpfMap Losses, ulong[] Seen);
}
