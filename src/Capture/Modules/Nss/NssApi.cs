using ECapture.Capture.Modules.Tls;
using ECapture.Capture.Symbols;
using ECapture.Events;

namespace ECapture.Capture.Modules.Nss;

/// <summary>
/// What is particular to NSS: its work is done in three libraries. Plaintext goes through NSPR's functions for all descriptors, TLS is in libssl3, and
/// the secrets are computed in the token's library.
/// </summary>
internal static class NssApi
{
    internal const string Transport = "libnspr4";
    internal const string Protocol = "libssl3";
    internal const string Token = "libfreeblpriv3";

    internal static TlsApi Description { get; } = new()
    {
        Module = "nss",
        Topic = Topics.Nss,
        Library = "nss",
        FilePrefixes = [Transport, Protocol, Token],
        Member = TlsMember.Nss,
        IsLibraryName = name => LibraryOf(name).Length > 0,
        Functions =
        [
            new("PR_Read", TlsFunction.NssRead, HasReturn: true, IsNeeded: true),
            new("PR_Recv", TlsFunction.NssReceive, HasReturn: true, IsNeeded: true),
            new("PR_Write", TlsFunction.NssWrite, HasReturn: true, IsNeeded: true),
            new("PR_Send", TlsFunction.NssWrite, HasReturn: true, IsNeeded: true),
            new("PR_Writev", TlsFunction.NssWriteVector, HasReturn: true),
            new("PR_Close", TlsFunction.NssClose),
        ],
        ClientRandomAccessor = new FieldAccessor("SSL_ExportKeyingMaterial", GivesAddress: false),
        NewPlanner = static api => new NssPlanner(api),
        ExtraLibraries = options => options.NssLibraries,
    };

    /// <summary>Which of the three a file is by its name (libssl3.so, libssl3-1a2b3c4d.so); empty: none.</summary>
    internal static string LibraryOf(ReadOnlySpan<char> fileName)
    {
        foreach (string library in (ReadOnlySpan<string>)[Transport, Protocol, Token])
        {
            if (fileName.StartsWith(library, StringComparison.Ordinal)
                && (fileName[library.Length..].StartsWith(".so", StringComparison.Ordinal)
                    || (fileName[library.Length..].StartsWith("-", StringComparison.Ordinal) && fileName.IndexOf(".so", StringComparison.Ordinal) > 0)))
            {
                return library;
            }
        }

        return "";
    }
}
