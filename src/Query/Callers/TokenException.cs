namespace ECapture.Query.Callers;

/// <summary>Tokens cannot be read, made or revoked. The message is one line for the user.</summary>
public sealed class TokenException : Exception
{
    /// <summary>Creates the exception.</summary>
    public TokenException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
