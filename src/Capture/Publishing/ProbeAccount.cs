using ECapture.Capture.Bpf;
using ECapture.Capture.Modules;
using ECapture.Events.V1;

namespace ECapture.Capture.Publishing;

/// <summary>Follows what becomes of the records of each module, from the kernel's count of hits to the event. All members are for the capture thread.</summary>
/// <param name="publisher">Counts what modules publish.</param>
/// <param name="losses">Counts what modules reject.</param>
internal sealed class ProbeAccount(EventPublisher publisher, LossAccount losses)
{
    private readonly List<Watched> _watched = [];

    /// <summary>Counts the records of a module's object from now on.</summary>
    /// <returns>What is to receive them instead of the handler.</returns>
    internal IRecordHandler Watch(string module, BpfObject obj, IRecordHandler handler)
    {
        Watched watched = new(module, obj, handler, publisher, losses);
        _watched.Add(watched);
        return watched;
    }

    /// <summary>What became of a module's hits; null: it has no object.</summary>
    internal ProbeCounts? Of(string module) => _watched.Find(w => w.Module == module)?.Counts();

    /// <summary>Declares what the kernel missed since the last call.</summary>
    internal void DeclareMissed() => _watched.ForEach(w => w.DeclareMissed());

    /// <summary>All modules, for a checkpoint.</summary>
    internal IEnumerable<Checkpoint.Types.Probes> Snapshot() => _watched.Select(w => w.Snapshot());

    private sealed class Watched(string module, BpfObject obj, IRecordHandler handler, EventPublisher publisher, LossAccount losses) : IRecordHandler
    {
        private const uint Wanted = 0; // enum hit of bpf/include/record.h
        private const uint Excluded = 1;

        private readonly ulong[] _perProcessor = new ulong[BpfMap.Processors];
        private ulong _unread;
        private ulong _published;
        private ulong _merged;
        private ulong _rejected;
        private ulong _missed;

        internal string Module => module;

        public void OnRecord(ReadOnlySpan<byte> record)
        {
            long published = publisher.Offered;
            long rejected = losses.Rejected;
            handler.OnRecord(record);
            if (publisher.Offered != published)
            {
                _published++;
            }
            else if (losses.Rejected != rejected)
            {
                _rejected++;
            }
            else
            {
                _merged++;
            }
        }

        public void OnUnread(ReadOnlySpan<byte> record)
        {
            _unread++;
            losses.Count("ring:" + module, "the agent stopped before it was read");
        }

        internal ProbeCounts Counts()
        {
            // What is lost is counted after its hit, so it is read first.
            ulong lost = LossAccount.Reasons.Aggregate(0UL, (sum, reason) => sum + Sum("losses", (uint)reason));
            return new ProbeCounts(Sum("hits", Wanted), lost, _unread, _published, _merged, _rejected, Sum("hits", Excluded), obj.Missed());
        }

        internal void DeclareMissed()
        {
            ulong missed = obj.Missed();
            losses.Count("probe:" + module, "the kernel did not run the program, as it ran on that processor already", missed - _missed);
            _missed = missed;
        }

        internal Checkpoint.Types.Probes Snapshot()
        {
            ProbeCounts counts = Counts();
            return new Checkpoint.Types.Probes
            {
                Module = module,
                Hits = counts.Hits,
                Lost = counts.Lost,
                Unread = counts.Unread,
                Published = counts.Published,
                Merged = counts.Merged,
                Rejected = counts.Rejected,
                Excluded = counts.Excluded,
                Missed = counts.Missed,
            };
        }

        private ulong Sum(string map, uint index)
        {
            obj.Maps[map].ReadPerProcessor(index, _perProcessor);
            return _perProcessor.Aggregate(0UL, (sum, value) => sum + value);
        }
    }
}
