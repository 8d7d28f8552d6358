using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace ECapture.Capture.Bpf;

/// <summary>Receives the records of one ring, on the reader's thread.</summary>
public interface IRecordHandler
{
    /// <summary>Called for each record; the bytes are the kernel's and valid only during the call.</summary>
    void OnRecord(ReadOnlySpan<byte> record);
}

/// <summary>Reads the ring buffers of several objects on one thread.</summary>
public sealed unsafe class RingReader : IDisposable
{
    private readonly List<GCHandle> _handlers = [];
    private ExceptionDispatchInfo? _failure;
    private nint _ring;

    /// <summary>Adds a ring buffer map of a loaded object.</summary>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    public void Add(BpfMap map, IRecordHandler handler)
    {
        GCHandle handle = GCHandle.Alloc(new Target(this, handler));
        _handlers.Add(handle);
        nint context = GCHandle.ToIntPtr(handle);
        if (_ring == 0)
        {
            _ring = LibBpf.ring_buffer__new(map.Fd, &OnRecord, context, 0);
            if (_ring == 0)
            {
                throw new CaptureException($"cannot read the ring {map.Name}: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
        else if (LibBpf.ring_buffer__add(_ring, map.Fd, &OnRecord, context) is < 0 and int error)
        {
            throw new CaptureException($"cannot read the ring {map.Name}: {Marshal.GetPInvokeErrorMessage(-error)}");
        }
    }

    /// <summary>Waits for records and hands all that are there to their handlers.</summary>
    /// <param name="timeout">Longest wait.</param>
    /// <returns>How many records were handled.</returns>
    public int Poll(TimeSpan timeout)
    {
        if (_ring == 0)
        {
            return 0;
        }

        return Finish(LibBpf.ring_buffer__poll(_ring, (int)timeout.TotalMilliseconds));
    }

    /// <summary>Hands over all records that are there, without waiting.</summary>
    public int Consume() => _ring == 0 ? 0 : Finish(LibBpf.ring_buffer__consume(_ring));

    /// <inheritdoc/>
    public void Dispose()
    {
        nint ring = Interlocked.Exchange(ref _ring, 0);
        if (ring != 0)
        {
            LibBpf.ring_buffer__free(ring);
        }

        foreach (GCHandle handle in _handlers)
        {
            handle.Free();
        }

        _handlers.Clear();
    }

    [UnmanagedCallersOnly]
    private static int OnRecord(nint context, byte* data, nuint length)
    {
        Target target = (Target)GCHandle.FromIntPtr(context).Target!;
        try
        {
            target.Handler.OnRecord(new ReadOnlySpan<byte>(data, (int)length));
            return 0;
        }
        catch (Exception e) // must not cross native frames: it is thrown again by Poll
        {
            target.Reader._failure = ExceptionDispatchInfo.Capture(e);
            return -1;
        }
    }

    private int Finish(int result)
    {
        ExceptionDispatchInfo? failure = _failure;
        _failure = null;
        failure?.Throw();
        const int Interrupted = -4;
        return result >= 0 || result == Interrupted
            ? Math.Max(result, 0)
            : throw new CaptureException($"reading the rings failed: {Marshal.GetPInvokeErrorMessage(-result)}");
    }

    private sealed record Target(RingReader Reader, IRecordHandler Handler);
}
