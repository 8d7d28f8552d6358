namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>What a connection object holds that is looked for.</summary>
internal enum SecretField
{
    /// <summary>32 bytes.</summary>
    ClientRandom,

    /// <summary>48 bytes, TLS 1.2.</summary>
    MasterSecret,

    /// <summary>32 or 48 bytes, TLS 1.3: of what the client writes.</summary>
    ClientTraffic,

    /// <summary>32 or 48 bytes, TLS 1.3: of what the server writes.</summary>
    ServerTraffic,
}
