using ECapture.Capture.Modules.Tls;

namespace ECapture.Capture.Modules.Nss;

/// <summary>
/// Captures TLS plaintext and secrets of programs that use NSS (Mozilla's programs, curl's NSS flavour, 389-ds), in the way of
/// <see cref="TlsModule"/> and with its BPF object.
/// </summary>
public sealed class NssModule() : TlsLibraryModule(NssApi.Description);
