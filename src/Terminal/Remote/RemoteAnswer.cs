namespace ECapture.Terminal.Remote;

/// <summary>Codes of the answers, as eCapture numbers them.</summary>
internal enum RemoteCode
{
    Ok = 0,
    InvalidRequest = 1,
    NotFound = 3,
    DecodeFailed = 4,
    CheckFailed = 5,
    NotApplied = 6,
}

/// <summary>A request that is refused.</summary>
/// <param name="code">Its code.</param>
/// <param name="message">Why, with the name of the field.</param>
internal sealed class RemoteRefusal(RemoteCode code, string message) : Exception(message)
{
    /// <summary>Its code.</summary>
    internal RemoteCode Code => code;
}
