using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Postgres;

/// <summary>
/// Offsets below which the bytes of a session need not leave the kernel: <c>struct postgres_unwanted</c> of bpf/postgres.bpf.c.
/// </summary>
[CRecord("postgres_unwanted")]
[StructLayout(LayoutKind.Sequential)]
internal struct UnwantedBytes
{
    internal ulong ProcessStart;
    internal ulong ReceivedUntil;
    internal ulong SentUntil;
}
