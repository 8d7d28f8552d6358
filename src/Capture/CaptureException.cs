namespace ECapture.Capture;

/// <summary>Something cannot be captured. The message says what, why, and what to do next.</summary>
public sealed class CaptureException : Exception
{
    /// <summary>Creates the exception.</summary>
    public CaptureException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <summary>True when the user asked for something that does not exist (a module, an interface): nothing is started then.</summary>
    public bool IsUsage { get; init; }
}
