using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Tls;

/// <summary><c>struct library</c> of bpf/tls.bpf.c: where a library keeps the client random and the master secret.</summary>
[CRecord("library")]
[StructLayout(LayoutKind.Sequential)]
internal struct LibraryEntry(FieldLocation location, int masterSecret)
{
    internal const int Unknown = -1;

    internal int Pointer = location.Pointer;
    internal int Offset = location.Offset;
    internal int MasterSecret = masterSecret;
    internal uint Reserved = 0;
}
