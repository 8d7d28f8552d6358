using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Databases;

/// <summary>The process that uses a socket: <c>struct socket_owner</c> of bpf/include/shared.h.</summary>
[CRecord("socket_owner")]
[StructLayout(LayoutKind.Sequential)]
internal struct SocketOwner
{
    internal ulong ProcessStart;
    internal uint Pid;
    internal uint Uid;
    internal uint Flags;
    internal uint Reserved;
    internal Bytes16 Comm;
}
