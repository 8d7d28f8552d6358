using ECapture.Capture.Modules.Tls;
using ECapture.Capture.Symbols;
using ECapture.Events;

namespace ECapture.Capture.Modules.GnuTls;

/// <summary>
/// What is particular to GnuTLS. Its functions return a length as <c>ssize_t</c>, its accessors give the address of a field instead of a copy,
/// and it does not log the secret of a resumed TLS 1.2 session, which is read from the session when the handshake ends.
/// </summary>
internal static class GnuTlsApi
{
    internal static TlsApi Description { get; } = new()
    {
        Module = "gnutls",
        Topic = Topics.GnuTls,
        Library = "gnutls",
        FilePrefixes = ["libgnutls"],
        Member = TlsMember.GnuTls,
        IsLibraryName = IsLibraryName,
        Functions =
        [
            new("gnutls_record_recv", TlsFunction.GnuTlsReceive, HasReturn: true, IsNeeded: true),
            new("gnutls_record_recv_seq", TlsFunction.GnuTlsReceive, HasReturn: true),
            new("gnutls_record_recv_early_data", TlsFunction.GnuTlsReceive, HasReturn: true),
            new("gnutls_record_send", TlsFunction.GnuTlsSend, HasReturn: true, IsNeeded: true),
            new("gnutls_record_send2", TlsFunction.GnuTlsSend, HasReturn: true),
            new("gnutls_handshake", TlsFunction.GnuTlsHandshake, HasReturn: true),
            new("gnutls_deinit", TlsFunction.Free),
        ],
        ClientRandomAccessor = new FieldAccessor("gnutls_session_get_random", GivesAddress: true),
        MasterSecretAccessor = new FieldAccessor("gnutls_session_get_master_secret", GivesAddress: true),
        ExtraLibraries = options => options.GnuTlsLibraries,
    };

    // libgnutls.so.30 and bundled copies (libgnutls-1a2b3c4d.so.30), not libgnutlsxx.so or libgnutls-dane.so.0, which have none of it.
    internal static bool IsLibraryName(ReadOnlySpan<char> fileName) =>
        fileName.StartsWith("libgnutls.so", StringComparison.Ordinal)
        || (fileName.StartsWith("libgnutls-", StringComparison.Ordinal) && fileName.IndexOf(".so", StringComparison.Ordinal) > 0
            && !fileName.StartsWith("libgnutls-dane.", StringComparison.Ordinal) && !fileName.StartsWith("libgnutls-openssl.", StringComparison.Ordinal));
}
