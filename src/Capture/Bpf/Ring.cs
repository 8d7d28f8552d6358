using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace ECapture.Capture.Bpf;

/// <summary>One ring buffer of the kernel.</summary>
internal sealed unsafe class Ring : IDisposable
{
    private const int RecordsPerTurn = 1024;

    // What the callback returns to make libbpf stop after a record; the record counts as read.
    private const int EndOfTurn = -4;

    private readonly IRecordHandler _handler;
    private readonly string _name;
    private GCHandle _self;
    private ExceptionDispatchInfo? _failure;
    private nint _ring;
    private int _handled;
    private bool _discards;

    /// <summary>Maps the ring.</summary>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    internal Ring(BpfMap map, IRecordHandler handler)
    {
        _handler = handler;
        _name = map.Name;
        _self = GCHandle.Alloc(this);
        _ring = LibBpf.ring_buffer__new(map.Fd, &OnRecord, GCHandle.ToIntPtr(_self), 0);
        if (_ring == 0)
        {
            int error = Marshal.GetLastPInvokeError();
            _self.Free();
            throw new CaptureException($"cannot read the ring {_name}: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        Descriptor = LibBpf.ring_buffer__epoll_fd(_ring);
    }

    /// <summary>Readable when there are records.</summary>
    internal int Descriptor { get; }

    /// <summary>Hands over records, at most a turn's.</summary>
    /// <param name="discard">True: only counts them.</param>
    /// <returns>How many.</returns>
    internal int Consume(bool discard = false)
    {
        _handled = 0;
        _discards = discard;
        int result = LibBpf.ring_buffer__consume(_ring);
        ExceptionDispatchInfo? failure = _failure;
        _failure = null;
        failure?.Throw();
        return result is >= 0 or EndOfTurn
            ? _handled
            : throw new CaptureException($"reading the ring {_name} failed: {Marshal.GetPInvokeErrorMessage(-result)}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        nint ring = Interlocked.Exchange(ref _ring, 0);
        if (ring != 0)
        {
            LibBpf.ring_buffer__free(ring);
            _self.Free();
        }
    }

    [UnmanagedCallersOnly]
    private static int OnRecord(nint context, byte* data, nuint length)
    {
        Ring ring = (Ring)GCHandle.FromIntPtr(context).Target!;
        try
        {
            if (!ring._discards)
            {
                ring._handler.OnRecord(new ReadOnlySpan<byte>(data, (int)length));
            }
        }
        catch (Exception e) // must not cross native frames: it is thrown again by Consume
        {
            ring._failure = ExceptionDispatchInfo.Capture(e);
            return EndOfTurn;
        }

        return ++ring._handled >= RecordsPerTurn ? EndOfTurn : 0;
    }
}
