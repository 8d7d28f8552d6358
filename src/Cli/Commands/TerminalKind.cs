namespace ECapture.Cli.Commands;

/// <summary>What a terminal command shows.</summary>
internal enum TerminalKind
{
    /// <summary>TLS plaintext, keys, packets.</summary>
    Tls,

    /// <summary>Commands of a shell.</summary>
    Shell,

    /// <summary>SQL statements of a server.</summary>
    Database,
}
