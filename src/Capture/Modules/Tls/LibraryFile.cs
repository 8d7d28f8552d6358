namespace ECapture.Capture.Modules.Tls;

/// <summary>A TLS library that was found.</summary>
/// <param name="Identity">Device and inode.</param>
/// <param name="AccessPath">Path that leads to exactly this inode now, also when it was deleted or is in another mount namespace.</param>
/// <param name="Path">Path as people know it.</param>
/// <param name="Pid">A process that has it mapped; 0: found on disk.</param>
internal readonly record struct LibraryFile(FileIdentity Identity, string AccessPath, string Path, int Pid = 0)
{
    /// <summary>True for the file names that OpenSSL's library has: libssl.so.3, libssl-3e69114b.so.1.1 (bundled), not NSS's libssl3.so.</summary>
    internal static bool IsOpenSslName(ReadOnlySpan<char> fileName) =>
        (fileName.StartsWith("libssl.so", StringComparison.Ordinal) || fileName.StartsWith("libssl-", StringComparison.Ordinal))
        && fileName.IndexOf(".so", StringComparison.Ordinal) > 0;
}
