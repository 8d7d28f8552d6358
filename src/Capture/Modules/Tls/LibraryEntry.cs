using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Tls;

/// <summary><c>struct library</c> of bpf/tls.bpf.c: where a library keeps the client random.</summary>
[CRecord("library")]
[StructLayout(LayoutKind.Sequential)]
internal struct LibraryEntry(ClientRandomLocation location)
{
    internal int Pointer = location.Pointer;
    internal int Offset = location.Offset;
}
