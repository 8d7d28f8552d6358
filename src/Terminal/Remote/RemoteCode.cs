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
