namespace ECapture.Storage;

/// <summary>A store refused or failed. The message says what happened, to what, and what to do next.</summary>
public class StoreException : Exception
{
    /// <summary>Creates the exception.</summary>
    public StoreException(string message, bool isTransient, Exception? inner = null)
        : base(message, inner) => IsTransient = isTransient;

    /// <summary>True when the same call may go through later.</summary>
    public bool IsTransient { get; }

    /// <summary>True when it is for the sake of some row that the store refused: without that row the others would be taken.</summary>
    public bool IsRowFault { get; init; }
}
