using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Mysqld;

/// <summary>A connection of a server process: <c>struct mysqld_session_key</c> of bpf/mysqld.bpf.c.</summary>
[CRecord("mysqld_session_key")]
[StructLayout(LayoutKind.Sequential)]
internal record struct SessionKey
{
    /// <summary>Address of the connection's object.</summary>
    internal ulong Vio;

    /// <summary>Thread group id.</summary>
    internal uint Pid;

    internal uint Reserved;
}
