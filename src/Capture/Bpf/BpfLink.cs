namespace ECapture.Capture.Bpf;

/// <summary>An attached program. Disposing detaches it.</summary>
public sealed class BpfLink : IDisposable
{
    private nint _handle;

    internal BpfLink(nint handle) => _handle = handle;

    internal int Fd => LibBpf.bpf_link__fd(_handle);

    /// <inheritdoc/>
    public void Dispose()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
        {
            _ = LibBpf.bpf_link__destroy(handle);
        }
    }
}
