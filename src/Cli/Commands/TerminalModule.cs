namespace ECapture.Cli.Commands;

/// <summary>A module as a command of its own, under the names that eCapture's users know.</summary>
/// <param name="Name">The command and the module.</param>
/// <param name="Kind">What it shows, which decides the modes and options it has.</param>
/// <param name="Description">For its help.</param>
/// <param name="Aliases">Other names.</param>
internal sealed record TerminalModule(string Name, TerminalKind Kind, string Description, params string[] Aliases)
{
    /// <summary>All of them. Those whose module this build does not have say so when they are run.</summary>
    internal static IReadOnlyList<TerminalModule> All { get; } =
    [
        new("tls", TerminalKind.Tls, "Show the plaintext of OpenSSL and BoringSSL, or write their keys or decryptable packets.", "openssl"),
        new("gotls", TerminalKind.Tls, "Show the TLS plaintext of Go programs, or write their keys or decryptable packets.", "tlsgo"),
        new("gnutls", TerminalKind.Tls, "Show the plaintext of GnuTLS, or write its keys or decryptable packets.", "gnu"),
        new("nss", TerminalKind.Tls, "Show the plaintext of NSS and NSPR.", "nspr"),
        new("bash", TerminalKind.Shell, "Show the commands of bash, with their exit status."),
        new("zsh", TerminalKind.Shell, "Show the commands of zsh, with their exit status."),
        new("mysqld", TerminalKind.Database, "Show the statements of MariaDB and MySQL servers, with their outcome."),
        new("postgres", TerminalKind.Database, "Show the statements of PostgreSQL servers, with their outcome."),
    ];
}
