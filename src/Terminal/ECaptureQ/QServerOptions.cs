using System.Security.Cryptography.X509Certificates;

namespace ECapture.Terminal.ECaptureQ;

/// <summary>Where eCaptureQ's clients connect, and who may.</summary>
internal sealed record QServerOptions
{
    /// <summary><c>ws://host:port/</c> or <c>wss://host:port/</c>; port 0: a free one.</summary>
    internal required Uri Address { get; init; }

    /// <summary>For <c>wss</c>.</summary>
    internal X509Certificate2? Certificate { get; init; }

    /// <summary>Clients show it as <c>Authorization: Bearer</c> or as <c>?token=</c>; null: none is asked for.</summary>
    internal string? Token { get; init; }

    /// <summary>Bytes that may wait for one client; with more it is dropped. Default 8 MiB.</summary>
    internal long MostQueuedBytes { get; init; } = 8L << 20;

    /// <summary>Time between two heartbeats. Default 15 s.</summary>
    internal TimeSpan HeartbeatEvery { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Checks address, certificate and token against each other.</summary>
    /// <exception cref="FormatException">They do not go together.</exception>
    internal void Check()
    {
        bool isSecure = Address.Scheme == "wss";
        if (!isSecure && Address.Scheme != "ws")
        {
            throw new FormatException($"'{Address.OriginalString}' is no address for clients of eCaptureQ: ws://127.0.0.1:28257/ or wss://host:port/");
        }

        if (isSecure && Certificate is null)
        {
            throw new FormatException($"{Address.OriginalString} needs a certificate: --ecaptureq-cert and --ecaptureq-key");
        }

        if (!IsLoopback && (!isSecure || Token is null))
        {
            throw new FormatException(
                $"{Address.OriginalString} can be reached from other machines and shows plaintext: use wss:// with a certificate and a token (ECAPTURE_ECAPTUREQ_TOKEN), or a loopback address");
        }
    }

    /// <summary>True when only this machine reaches it.</summary>
    internal bool IsLoopback => Address.IsLoopback;
}
