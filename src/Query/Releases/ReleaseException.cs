namespace ECapture.Query.Releases;

/// <summary>Releases cannot be read or kept. The message is one line for the user.</summary>
public sealed class ReleaseException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ReleaseException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
