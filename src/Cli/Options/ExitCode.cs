namespace ECapture.Cli.Options;

/// <summary>The exit codes of every command.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    internal const int Ok = 0;

    /// <summary>It failed while it ran.</summary>
    internal const int Failure = 1;

    /// <summary>It could not start with what was given: an option, an address, a privilege, a file, a server.</summary>
    internal const int Usage = 2;
}
