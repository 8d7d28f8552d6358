using System.Runtime.InteropServices;

namespace ECapture.Capture.Bpf;

/// <summary>
/// One ring buffer of the kernel (BPF_MAP_TYPE_RINGBUF), read where it is, through a window that moves with the reader. The kernel lays the data twice, one behind the other: no window
/// breaks at the ring's end, and no record is copied. (libbpf maps all of a ring, both times. What is mapped counts as the agent's memory, read or not.)
/// </summary>
internal sealed unsafe class Ring : IDisposable
{
    /// <summary>Most records that <see cref="Consume"/> hands over: the other rings have their turn.</summary>
    internal const int RecordsPerTurn = 1024;

    // linux/bpf.h: each record begins with its length, whose upper bits say more, and 4 bytes of the kernel's own.
    private const uint IsBusy = 1u << 31;
    private const uint IsDiscarded = 1u << 30;
    private const int HeaderBytes = 8;

    // To move it costs 0.4 us for a page, and a page holds records that cost ten or twenty; other processors are interrupted once for each move.
    private const ulong WindowBytes = 2 << 20;

    private static readonly ulong s_page = (ulong)Environment.SystemPageSize;
    private readonly string _name;
    private readonly IRecordHandler _handler;
    private readonly ulong _size;
    private readonly ulong _giveBack;
    private ulong* _consumer; // the first page: how far it was read
    private ulong* _producer; // the second: how far it was written; then the data
    private byte* _window;
    private ulong _windowAt; // of what was ever written
    private ulong _windowLength;
    private ulong _mark;

    /// <summary>Maps the ring.</summary>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    internal Ring(BpfMap map, IRecordHandler handler)
    {
        _handler = handler;
        _name = map.Name;
        _size = map.MaxEntries;
        _giveBack = _size / 16;
        Descriptor = map.Fd;
        _consumer = (ulong*)Map(s_page, LibBpf.CanRead | LibBpf.CanWrite, 0);
        try
        {
            _producer = (ulong*)Map(s_page, LibBpf.CanRead, s_page);
        }
        catch (CaptureException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Readable when there are records.</summary>
    internal int Descriptor { get; }

    /// <summary>Sets what counts as there: what was written until now. More comes with the next mark.</summary>
    internal void Mark() => _mark = Volatile.Read(ref *_producer);

    /// <summary>Hands over records that were there at the last mark, at most a turn's.</summary>
    /// <param name="discard">True: as unread.</param>
    /// <returns>How many.</returns>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    internal int Consume(bool discard = false)
    {
        ObjectDisposedException.ThrowIf(_consumer is null, this);
        ulong at = *_consumer;
        ulong given = at;
        int handled = 0;
        try
        {
            while (handled < RecordsPerTurn && at < _mark)
            {
                uint header = Volatile.Read(ref *(uint*)Show(at, HeaderBytes));
                if ((header & IsBusy) != 0)
                {
                    break; // still written
                }

                uint length = header & ~IsDiscarded;
                ReadOnlySpan<byte> record = new(Show(at, HeaderBytes + length) + HeaderBytes, (int)length);
                at += (length + HeaderBytes + 7u) & ~7u; // also when the handler throws: the record counts as read
                if ((header & IsDiscarded) == 0)
                {
                    handled++;
                    if (discard)
                    {
                        _handler.OnUnread(record);
                    }
                    else
                    {
                        _handler.OnRecord(record);
                    }
                }

                if (at - given >= _giveBack)
                {
                    Volatile.Write(ref *_consumer, given = at);
                }
            }
        }
        finally
        {
            Volatile.Write(ref *_consumer, at);
        }

        return handled;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_consumer is not null)
        {
            _ = LibBpf.munmap(_consumer, (nuint)s_page);
            _consumer = null;
        }

        if (_producer is not null)
        {
            _ = LibBpf.munmap(_producer, (nuint)s_page);
            _producer = null;
        }

        Unmap();
    }

    // Where something that was written lies; until the next call.
    private byte* Show(ulong at, ulong length)
    {
        if (at - _windowAt + length > _windowLength)
        {
            Unmap();
            ulong first = at & ~(s_page - 1);
            ulong needed = (at - first + length + s_page - 1) & ~(s_page - 1);
            ulong mapped = Math.Max(Math.Min(WindowBytes, _size), needed);
            _window = (byte*)Map(mapped, LibBpf.CanRead, (2 * s_page) + (first & (_size - 1)));
            _windowAt = first;
            _windowLength = mapped;
        }

        return _window + (at - _windowAt);
    }

    private void Unmap()
    {
        if (_window is not null)
        {
            _ = LibBpf.munmap(_window, (nuint)_windowLength);
            _window = null;
            _windowLength = 0;
        }
    }

    private void* Map(ulong length, int access, ulong offset)
    {
        void* address = LibBpf.mmap(null, (nuint)length, access, LibBpf.MapShared, Descriptor, (nint)offset);
        return address != (void*)-1
            ? address
            : throw new CaptureException($"cannot read the ring {_name}: {Marshal.GetLastPInvokeErrorMessage()}");
    }
}
