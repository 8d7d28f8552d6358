namespace ECapture.Capture.Modules.Tls;

/// <summary><c>enum function</c> of bpf/tls.bpf.c.</summary>
internal enum TlsFunction : uint
{
    Read = 1,
    Write = 2,
    ReadEx = 3,
    WriteEx = 4,
    WriteEx2 = 5,
    Free = 6,
    LogSecret = 7,
    GnuTlsReceive = 8,
    GnuTlsSend = 9,
    GnuTlsHandshake = 10,
    NssRead = 11,
    NssReceive = 12,
    NssWrite = 13,
    NssWriteVector = 14,
    NssClose = 15,
    NssLogSecret = 16,
    NssHmac = 17,
    NssPrf = 18,
    NssPHash = 19,
}
