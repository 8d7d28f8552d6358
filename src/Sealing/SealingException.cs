namespace ECapture.Sealing;

/// <summary>A key file cannot be used. The message is one line for the user: which file, why, what to do.</summary>
public sealed class SealingException : Exception
{
    /// <summary>Creates the exception.</summary>
    public SealingException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
