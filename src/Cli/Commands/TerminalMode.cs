namespace ECapture.Cli.Commands;

/// <summary>What a terminal command writes.</summary>
internal enum TerminalMode
{
    /// <summary>Blocks of text, or JSON.</summary>
    Text,

    /// <summary>A TLS key log.</summary>
    KeyLog,

    /// <summary>A pcapng file with keys.</summary>
    Pcapng,
}
