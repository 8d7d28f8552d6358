using System.Text;

namespace ECapture.Protocols.MySql;

/// <summary>The server's first packet, version 10 (MySQL internals, "Protocol::HandshakeV10"). Its authentication data is skipped.</summary>
/// <param name="System"><c>mariadb</c> or <c>mysql</c>.</param>
/// <param name="Capabilities">Of the server.</param>
/// <param name="CachesMetadata">MariaDB: MARIADB_CLIENT_CACHE_METADATA is offered.</param>
internal readonly record struct Greeting(string System, Capabilities Capabilities, bool CachesMetadata)
{
    internal const byte Version = 10;
    internal const uint CacheMetadata = 1 << 4; // bit 36 of the capabilities

    internal static bool TryParse(ReadOnlySpan<byte> payload, out Greeting greeting)
    {
        const int FirstAuthenticationData = 8 + 1;
        ByteCursor cursor = new(payload);
        greeting = default;
        if (cursor.U8() != Version)
        {
            return false;
        }

        string version = Encoding.Latin1.GetString(cursor.Terminated());
        cursor.U32(); // thread id
        cursor.Bytes(FirstAuthenticationData);
        uint low = cursor.U16();
        if (cursor.IsBroken)
        {
            return false;
        }

        cursor.Bytes(1 + 2); // character set, status
        uint high = cursor.U16();
        cursor.U8(); // length of the authentication data
        cursor.Bytes(6);
        uint extended = cursor.U32();
        bool isMariaDb = version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);
        greeting = new Greeting(
            isMariaDb ? "mariadb" : "mysql", (Capabilities)(low | (high << 16)), isMariaDb && (extended & CacheMetadata) != 0);
        return true;
    }
}
