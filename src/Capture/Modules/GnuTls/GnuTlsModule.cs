using ECapture.Capture.Modules.Tls;

namespace ECapture.Capture.Modules.GnuTls;

/// <summary>
/// Captures TLS plaintext and secrets of programs that use GnuTLS (wget, apt, and most of Debian's mail and print servers), in the way of
/// <see cref="TlsModule"/> and with its BPF object.
/// </summary>
public sealed class GnuTlsModule() : TlsLibraryModule(GnuTlsApi.Description);
