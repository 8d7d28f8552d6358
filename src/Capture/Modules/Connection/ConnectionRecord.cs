using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Connection;

/// <summary><c>struct connection_record</c> of bpf/connection.bpf.c.</summary>
[CRecord("connection_record")]
[StructLayout(LayoutKind.Sequential)]
internal struct ConnectionRecord
{
    /// <summary>The process fields are the socket owner's; pid 0: not known.</summary>
    internal RecordHeader Header;

    /// <summary>The addresses.</summary>
    internal SocketTuple Tuple;

    /// <summary>Address of struct sock: tells sockets apart.</summary>
    internal ulong Sk;
}

/// <summary><c>enum connection_event</c>.</summary>
internal enum ConnectionEvent : ushort
{
    Opened = 1,
    Accepted = 2,
    Existing = 3,
    Closed = 4,
    Owned = 5,
}
