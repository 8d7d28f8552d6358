namespace ECapture.Query.Api;

/// <summary>What the headers of an answer say of the file that follows. Packets are counted by who reads it.</summary>
internal static class PcapngHeaders
{
    public const string Sessions = "ECapture-Sessions";
    public const string SessionsWithoutSecrets = "ECapture-Sessions-Without-Secrets";
    public const string SyntheticSessions = "ECapture-Sessions-Synthetic";
    public const string CutSessions = "ECapture-Sessions-Cut";
    public const string Secrets = "ECapture-Secrets";
    public const string SecretComplaint = "ECapture-Secrets-Sealed";
}
