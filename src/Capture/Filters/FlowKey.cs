using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Filters;

/// <summary>A flow, the same from both of its ends. Without the network namespace: a container's frames are also seen outside of it.</summary>
internal readonly record struct FlowKey(UInt128 First, UInt128 Second, ushort FirstPort, ushort SecondPort, byte Protocol)
{
    /// <summary>The flow of a tuple.</summary>
    /// <param name="tuple">As one end sees it.</param>
    /// <param name="isSecond">True when that end is the second one.</param>
    internal static FlowKey Of(in SocketTuple tuple, out bool isSecond)
    {
        UInt128 local = MemoryMarshal.Read<UInt128>(tuple.Local), remote = MemoryMarshal.Read<UInt128>(tuple.Remote);
        isSecond = local > remote || (local == remote && tuple.LocalPort > tuple.RemotePort);
        return isSecond
            ? new FlowKey(remote, local, tuple.RemotePort, tuple.LocalPort, tuple.Protocol)
            : new FlowKey(local, remote, tuple.LocalPort, tuple.RemotePort, tuple.Protocol);
    }
}
