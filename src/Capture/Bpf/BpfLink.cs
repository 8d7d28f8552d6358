namespace ECapture.Capture.Bpf;

/// <summary>An attached program. Disposing detaches it.</summary>
public sealed class BpfLink : IDisposable
{
    private const int None = -1;
    private nint _handle;
    private int _descriptor = None;

    internal BpfLink(nint handle) => _handle = handle;

    internal BpfLink(int descriptor) => _descriptor = descriptor;

    internal int Fd => _handle != 0 ? LibBpf.bpf_link__fd(_handle) : _descriptor;

    /// <inheritdoc/>
    public void Dispose()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
        {
            _ = LibBpf.bpf_link__destroy(handle);
        }

        int descriptor = Interlocked.Exchange(ref _descriptor, None);
        if (descriptor != None)
        {
            _ = MultiUprobe.close(descriptor);
        }
    }
}
