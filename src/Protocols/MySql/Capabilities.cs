namespace ECapture.Protocols.MySql;

/// <summary>Capability flags of the handshake (MySQL internals, "Capabilities Flags"; MariaDB, "Connection, Capabilities").</summary>
[Flags]
internal enum Capabilities : uint
{
    None = 0,
    ConnectWithDatabase = 1 << 3,
    Compress = 1 << 5,
    Protocol41 = 1 << 9,
    Tls = 1 << 11,
    SecureConnection = 1 << 15,
    PluginAuthentication = 1 << 19,
    ConnectAttributes = 1 << 20,
    LongAuthenticationData = 1 << 21,
    SessionTracking = 1 << 23,
    DeprecateEof = 1 << 24,
    OptionalMetadata = 1 << 25,
    ZstdCompress = 1 << 26,
    QueryAttributes = 1 << 27,
}
