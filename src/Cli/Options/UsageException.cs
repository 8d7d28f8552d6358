namespace ECapture.Cli.Options;

/// <summary>What the user gave cannot be used. One line; the program ends with exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
