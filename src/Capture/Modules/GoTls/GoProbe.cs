namespace ECapture.Capture.Modules.GoTls;

/// <summary><c>enum go_function</c> of bpf/gotls.bpf.c.</summary>
internal enum GoProbe : uint
{
    Read = 1,
    Write = 2,
    Handshake = 3,
    KeyLog = 4,
    ReadHome = 5,
}
