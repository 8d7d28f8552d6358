using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Postgres;

/// <summary><c>struct postgres_data</c> of bpf/postgres.bpf.c; the bytes follow.</summary>
[CRecord("postgres_data")]
[StructLayout(LayoutKind.Sequential)]
internal struct DataRecord
{
    /// <summary>Record types.</summary>
    internal const ushort Received = 1;
    internal const ushort Sent = 2;
    internal const ushort End = 3;

    /// <summary>Flag: the first byte begins a message for certain.</summary>
    internal const ushort MessageBegins = 1;

    internal RecordHeader Header;

    /// <summary>Addresses of the server's socket; family 0: not known.</summary>
    internal SocketTuple Tuple;

    /// <summary>Bytes of this direction before.</summary>
    internal ulong Offset;

    /// <summary>Of these, directly before: not copied.</summary>
    internal ulong LeftOut;

    /// <summary>Rows, or parts of a COPY, that these are.</summary>
    internal ulong Messages;

    internal uint DataLength;
    internal uint Reserved;
}
