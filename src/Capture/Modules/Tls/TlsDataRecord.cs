using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Tls;

/// <summary><c>struct tls_data</c> of bpf/include/tls.h; the plaintext follows it.</summary>
[CRecord("tls_data")]
[StructLayout(LayoutKind.Sequential)]
internal struct TlsDataRecord
{
    internal const ushort Type = 1;

    internal RecordHeader Header;
    internal SocketTuple Socket;
    internal uint Library;
    internal ulong Ssl;
    internal ulong Born;
    internal ulong Offset;
    internal ulong Call;
    internal uint Length;
    internal uint Direction;
}
