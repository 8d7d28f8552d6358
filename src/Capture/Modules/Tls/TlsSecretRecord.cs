using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Tls;

/// <summary><c>struct tls_secret</c> of bpf/include/tls.h.</summary>
[CRecord("tls_secret")]
[StructLayout(LayoutKind.Sequential)]
internal struct TlsSecretRecord
{
    internal const ushort Type = 2;

    internal RecordHeader Header;
    internal SocketTuple Socket;
    internal uint Library;
    internal ulong Ssl;
    internal ulong Born;
    internal ulong LabelDistance;
    internal uint Length;
    internal uint LabelLength;
    internal LabelBytes Label;
    internal RandomBytes ClientRandom;
    internal SecretBytes Secret;

    [InlineArray(40)]
    internal struct LabelBytes
    {
        private byte _first;
    }

    [InlineArray(32)]
    internal struct RandomBytes
    {
        private byte _first;
    }

    [InlineArray(64)]
    internal struct SecretBytes
    {
        private byte _first;
    }
}
