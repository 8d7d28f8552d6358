using System.Runtime.InteropServices;

namespace ECapture.Capture.Bpf;

/// <summary>
/// One ring buffer of the kernel (BPF_MAP_TYPE_RINGBUF), read where it is. Its data are mapped once: libbpf maps them twice, one behind the other, so that a record at the end can be
/// read through, and they count twice as the agent's memory; here such a record is copied instead.
/// </summary>
internal sealed unsafe class Ring : IDisposable
{
    /// <summary>Most records that <see cref="Consume"/> hands over: the other rings have their turn.</summary>
    internal const int RecordsPerTurn = 1024;

    // linux/bpf.h: each record begins with its length, whose upper bits say more, and 4 bytes of the kernel's own.
    private const uint IsBusy = 1u << 31;
    private const uint IsDiscarded = 1u << 30;
    private const int HeaderBytes = 8;

    private readonly IRecordHandler _handler;
    private readonly nuint _size;
    private readonly nuint _giveBack;
    private ulong* _consumer; // the first page: how far it was read
    private ulong* _producer; // the second: how far it was written; then the data
    private readonly byte* _data;
    private byte[] _wrapped = [];
    private ulong _mark;

    /// <summary>Maps the ring.</summary>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    internal Ring(BpfMap map, IRecordHandler handler)
    {
        _handler = handler;
        _size = map.MaxEntries;
        _giveBack = _size / 16;
        Descriptor = map.Fd;
        nuint page = (nuint)Environment.SystemPageSize;
        _consumer = (ulong*)Map(map, page, LibBpf.CanRead | LibBpf.CanWrite, 0);
        try
        {
            _producer = (ulong*)Map(map, page + _size, LibBpf.CanRead, page);
            _data = (byte*)_producer + page;
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
                nuint start = (nuint)at & (_size - 1);
                uint header = Volatile.Read(ref *(uint*)(_data + start));
                if ((header & IsBusy) != 0)
                {
                    break; // still written
                }

                uint length = header & ~IsDiscarded;
                at += (length + HeaderBytes + 7u) & ~7u; // also when the handler throws: the record counts as read
                if ((header & IsDiscarded) == 0)
                {
                    handled++;
                    if (discard)
                    {
                        _handler.OnUnread(Record(start + HeaderBytes, length));
                    }
                    else
                    {
                        _handler.OnRecord(Record(start + HeaderBytes, length));
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
        nuint page = (nuint)Environment.SystemPageSize;
        if (_consumer is not null)
        {
            _ = LibBpf.munmap(_consumer, page);
            _consumer = null;
        }

        if (_producer is not null)
        {
            _ = LibBpf.munmap(_producer, page + _size);
            _producer = null;
        }
    }

    private ReadOnlySpan<byte> Record(nuint start, uint length)
    {
        start &= _size - 1; // its header may be the last in the ring
        if (start + length <= _size)
        {
            return new ReadOnlySpan<byte>(_data + start, (int)length);
        }

        if (_wrapped.Length < length)
        {
            _wrapped = new byte[length];
        }

        int first = (int)(_size - start);
        new ReadOnlySpan<byte>(_data + start, first).CopyTo(_wrapped);
        new ReadOnlySpan<byte>(_data, (int)length - first).CopyTo(_wrapped.AsSpan(first));
        return _wrapped.AsSpan(0, (int)length);
    }

    private static void* Map(BpfMap map, nuint length, int access, nuint offset)
    {
        void* address = LibBpf.mmap(null, length, access, LibBpf.MapShared, map.Fd, (nint)offset);
        return address != (void*)-1
            ? address
            : throw new CaptureException($"cannot read the ring {map.Name}: {Marshal.GetLastPInvokeErrorMessage()}");
    }
}
