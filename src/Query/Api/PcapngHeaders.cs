namespace ECapture.Query.Api;

/// <summary>What an answer with a file says of it: sessions in its header, the rest in its trailers.</summary>
internal static class PcapngHeaders
{
    public const string Sessions = "ECapture-Sessions";
    public const string SessionsWithoutSecrets = "ECapture-Sessions-Without-Secrets";
    public const string Secrets = "ECapture-Secrets";
    public const string Packets = "ECapture-Packets";

    public static string[] Trailers { get; } = [Packets, Secrets, SessionsWithoutSecrets];
}
