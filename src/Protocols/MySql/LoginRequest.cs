namespace ECapture.Protocols.MySql;

/// <summary>The client's answer to the greeting (MySQL internals, "Protocol::HandshakeResponse41"). What authenticates is skipped.</summary>
internal sealed class LoginRequest
{
    private const int TlsRequestLength = 32;

    internal Capabilities Capabilities { get; private init; }

    /// <summary>The client asks for TLS; the same packet follows, whole, inside it.</summary>
    internal bool IsTlsRequest { get; private init; }

    internal bool CachesMetadata { get; private init; }

    internal byte[] User { get; private init; } = [];

    internal byte[] Database { get; private init; } = [];

    /// <summary>The attribute <c>program_name</c>.</summary>
    internal byte[] Program { get; private init; } = [];

    internal static bool TryParse(ReadOnlySpan<byte> payload, Capabilities server, out LoginRequest? login)
    {
        login = null;
        ByteCursor cursor = new(payload);
        Capabilities asked = (Capabilities)cursor.U32();
        cursor.Bytes(4 + 1 + 19); // packet size, character set, reserved
        uint extended = cursor.U32();
        if (cursor.IsBroken || !asked.HasFlag(Capabilities.Protocol41))
        {
            return false;
        }

        bool caches = (extended & Greeting.CacheMetadata) != 0;
        if (payload.Length == TlsRequestLength && asked.HasFlag(Capabilities.Tls))
        {
            login = new LoginRequest { Capabilities = asked & server, IsTlsRequest = true };
            return true;
        }

        byte[] user = cursor.Terminated().ToArray();
        if (asked.HasFlag(Capabilities.LongAuthenticationData))
        {
            cursor.Text();
        }
        else if (asked.HasFlag(Capabilities.SecureConnection))
        {
            cursor.Bytes(cursor.U8());
        }
        else
        {
            cursor.Terminated();
        }

        byte[] database = asked.HasFlag(Capabilities.ConnectWithDatabase) ? cursor.Terminated().ToArray() : [];
        if (cursor.IsBroken)
        {
            return false;
        }

        if (asked.HasFlag(Capabilities.PluginAuthentication))
        {
            cursor.Terminated();
        }

        byte[] program = asked.HasFlag(Capabilities.ConnectAttributes) ? ProgramName(cursor.Text()) : [];
        login = new LoginRequest
        {
            Capabilities = asked & server,
            CachesMetadata = caches,
            User = user,
            Database = database,
            Program = program,
        };
        return true;
    }

    private static byte[] ProgramName(ReadOnlySpan<byte> attributes)
    {
        ByteCursor cursor = new(attributes);
        while (!cursor.IsAtEnd && !cursor.IsBroken)
        {
            ReadOnlySpan<byte> name = cursor.Text();
            ReadOnlySpan<byte> value = cursor.Text();
            if (name.SequenceEqual("program_name"u8))
            {
                return value.ToArray();
            }
        }

        return [];
    }
}
