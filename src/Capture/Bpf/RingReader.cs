using System.Runtime.InteropServices;

namespace ECapture.Capture.Bpf;

/// <summary>
/// Reads the ring buffers of several objects on one thread. Every ring gets its turn: one that fills faster than it is read
/// neither starves the others nor keeps <see cref="Poll"/> from returning.
/// </summary>
public sealed unsafe class RingReader : IDisposable
{
    // How long records gather once there are some. The kernel wakes a reader for each record that finds the ring read up to its end: a reader that is as fast as its writers would be
    // woken for every record, which costs both of them more than the record itself.
    private const int GatherMilliseconds = 2;

    private readonly List<Ring> _rings = [];
    private Ring? _leader;
    private LibBpf.PollFd[] _descriptors = [];
    private bool _isMore;

    /// <summary>Adds a ring buffer map of a loaded object.</summary>
    /// <param name="map">The map.</param>
    /// <param name="handler">Takes its records.</param>
    /// <param name="leads">What another ring holds is handed over after all that was written to this one before it: who a process is, before what it did.</param>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    public void Add(BpfMap map, IRecordHandler handler, bool leads = false)
    {
        Ring ring = new(map, handler);
        _rings.Add(ring);
        _leader = leads ? ring : _leader;
        _descriptors =
        [
            .. _rings.Select(r => new LibBpf.PollFd { Descriptor = r.Descriptor, Events = LibBpf.PollIn }),
        ];
    }

    /// <summary>Waits for records and hands over what is there, a bounded number of each ring.</summary>
    /// <param name="timeout">Longest wait for the first record.</param>
    /// <returns>How many records were handled.</returns>
    public int Poll(TimeSpan timeout)
    {
        if (_rings.Count == 0)
        {
            return 0;
        }

        int ready;
        fixed (LibBpf.PollFd* descriptors = _descriptors)
        {
            ready = LibBpf.poll(descriptors, (nuint)_descriptors.Length, (int)timeout.TotalMilliseconds);
        }

        const int Interrupted = 4;
        if (ready < 0 && Marshal.GetLastPInvokeError() is not Interrupted and int error)
        {
            throw new CaptureException($"waiting for the rings failed: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        if (ready <= 0)
        {
            return 0;
        }

        if (!_isMore)
        {
            _ = LibBpf.poll(null, 0, GatherMilliseconds);
        }

        return Turn();
    }

    /// <summary>Hands over records that are there, without waiting, until there are none or the time is over.</summary>
    /// <returns>How many records were handled.</returns>
    public int Consume(TimeSpan limit)
    {
        long start = Environment.TickCount64;
        int all = 0;
        for (int handled = Turn(); handled > 0; handled = Turn())
        {
            all += handled;
            if (Environment.TickCount64 - start > limit.TotalMilliseconds)
            {
                break;
            }
        }

        return all;
    }

    /// <summary>Takes all records that are there out of the rings, as <see cref="IRecordHandler.OnUnread"/>.</summary>
    public void Discard()
    {
        foreach (Ring ring in _rings)
        {
            ring.Mark();
            while (ring.Consume(discard: true) > 0)
            {
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Ring ring in _rings)
        {
            ring.Dispose();
        }

        _rings.Clear();
        _descriptors = [];
    }

    private int Turn()
    {
        int handled = 0;
        _isMore = false;
        foreach (Ring ring in _rings)
        {
            ring.Mark();
        }

        if (_leader is { } leader)
        {
            leader.Mark();
            for (int count = leader.Consume(); count > 0; count = leader.Consume())
            {
                handled += count;
            }
        }

        foreach (Ring ring in _rings)
        {
            int count = ring.Consume();
            _isMore |= count >= Ring.RecordsPerTurn;
            handled += count;
        }

        return handled;
    }
}
