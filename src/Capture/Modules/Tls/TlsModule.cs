namespace ECapture.Capture.Modules.Tls;

/// <summary>
/// Captures TLS plaintext and secrets of programs that use OpenSSL's shared library: every one on disk and in running processes, so that
/// a process that starts later and lives for milliseconds is captured too.
/// </summary>
public sealed class TlsModule() : TlsLibraryModule(TlsApi.OpenSsl);
