namespace ECapture.Cli.Supervision;

/// <summary>What a path names.</summary>
internal enum FileKind
{
    /// <summary>A file with bytes in it.</summary>
    Regular,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A device, a pipe or a socket.</summary>
    Special,
}
