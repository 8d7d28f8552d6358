using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Mysqld;

/// <summary><c>struct mysqld_data</c> of bpf/mysqld.bpf.c; the bytes follow.</summary>
[CRecord("mysqld_data")]
[StructLayout(LayoutKind.Sequential)]
internal struct DataRecord
{
    /// <summary>Record types.</summary>
    internal const ushort Received = 17;
    internal const ushort Sent = 18;
    internal const ushort End = 19;

    internal RecordHeader Header;

    /// <summary>Addresses of the server's socket; family 0: not known.</summary>
    internal SocketTuple Tuple;

    internal uint DataLength;

    /// <summary>Address of the connection's object.</summary>
    internal ulong Vio;

    /// <summary>When it was first seen, CLOCK_BOOTTIME.</summary>
    internal ulong Birth;

    /// <summary>Bytes of this direction before.</summary>
    internal ulong Offset;

    /// <summary>Of these, directly before: not copied.</summary>
    internal ulong LeftOut;

    /// <summary>Rows, or packets of a file, that these are.</summary>
    internal ulong Messages;
}
