using System.Buffers;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Publishing;

/// <summary>Memory of the system's own for a batch: it goes back at once, where arrays of this size wait for a collection of all generations and pile up meanwhile.</summary>
internal sealed unsafe class BatchPages : MemoryManager<byte>
{
    private readonly int _length;
    private void* _address;

    /// <param name="length">Bytes.</param>
    /// <exception cref="InsufficientMemoryException">There is none.</exception>
    internal BatchPages(int length)
    {
        _length = length;
        _address = LibBpf.mmap(null, (nuint)length, LibBpf.CanRead | LibBpf.CanWrite, LibBpf.MapPrivate | LibBpf.MapAnonymous, -1, 0);
        if (_address == (void*)-1)
        {
            _address = null;
            throw new InsufficientMemoryException($"no {length} bytes for a batch of events: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_address is null, this);
        return new Span<byte>(_address, _length);
    }

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)_address + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
        // It never moves.
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_address is not null)
        {
            _ = LibBpf.munmap(_address, (nuint)_length);
            _address = null;
        }
    }
}
