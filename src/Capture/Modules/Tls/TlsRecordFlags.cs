namespace ECapture.Capture.Modules.Tls;

/// <summary><c>enum record_flags</c> of bpf/include/tls.h.</summary>
[Flags]
internal enum TlsRecordFlags : ushort
{
    None = 0,

    /// <summary>The socket was used inside a call with this connection; else it is the thread's last one.</summary>
    SocketSure = 1,

    /// <summary>The call returned more bytes than were taken.</summary>
    Cut = 2,
}
