using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ECapture.Capture.Bpf;

/// <summary>
/// A program attached by TCX (Linux 6.6): it belongs to a file descriptor, so the kernel detaches it when this process ends, however it
/// ends, and there is neither a qdisc nor a place in a list of filters to fight for.
/// </summary>
public sealed class TcxLink : ITrafficLink
{
    private const int TcxIngress = 46; // BPF_TCX_INGRESS in linux/bpf.h
    private const int TcxEgress = 47;
    private readonly SafeFileHandle _fd;

    private TcxLink(SafeFileHandle fd) => _fd = fd;

    /// <summary>Attaches behind what is attached already.</summary>
    /// <param name="programFd">A loaded program of a section <c>tc</c>.</param>
    /// <param name="interfaceIndex">The interface.</param>
    /// <param name="isIngress">At ingress, else at egress.</param>
    /// <param name="error">errno when it failed: EINVAL before Linux 6.6.</param>
    /// <returns>Null when the kernel refused.</returns>
    public static TcxLink? TryAttach(int programFd, int interfaceIndex, bool isIngress, out int error)
    {
        int fd = LibBpf.bpf_link_create(programFd, interfaceIndex, isIngress ? TcxIngress : TcxEgress, 0);
        error = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        return fd < 0 ? null : new TcxLink(new SafeFileHandle(fd, ownsHandle: true));
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();
}
