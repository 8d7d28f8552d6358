using System.Buffers.Binary;

namespace ECapture.Protocols.Postgres;

/// <summary>What an untyped message asks for ("Message Formats": StartupMessage, SSLRequest, GSSENCRequest, CancelRequest).</summary>
internal enum StartupKind
{
    /// <summary>None of this protocol.</summary>
    Unknown,

    /// <summary>SSLRequest or GSSENCRequest: one byte answers, another untyped message follows.</summary>
    Encryption,

    /// <summary>CancelRequest: nothing follows.</summary>
    Cancel,

    /// <summary>StartupMessage of protocol 3: typed messages follow.</summary>
    Session,
}

/// <summary>An untyped message.</summary>
internal readonly ref struct StartupPacket
{
    private StartupPacket(StartupKind kind) => Kind = kind;

    internal StartupKind Kind { get; }

    internal byte[] User { get; private init; } = [];

    internal byte[] Database { get; private init; } = [];

    internal byte[] Application { get; private init; } = [];

    internal static StartupPacket Parse(ReadOnlySpan<byte> body)
    {
        const int CancelRequest = 80877102;
        const int SslRequest = 80877103;
        const int GssEncRequest = 80877104;
        if (!BinaryPrimitives.TryReadInt32BigEndian(body, out int code))
        {
            return new StartupPacket(StartupKind.Unknown);
        }

        switch (code)
        {
            case CancelRequest:
                return new StartupPacket(StartupKind.Cancel);
            case SslRequest or GssEncRequest:
                return new StartupPacket(StartupKind.Encryption);
            case var _ when code >> 16 != 3:
                return new StartupPacket(StartupKind.Unknown);
        }

        MessageBody fields = new(body[4..]);
        byte[] user = [], database = [], application = [];
        while (true)
        {
            ReadOnlySpan<byte> name = fields.ReadString(out bool isWhole);
            if (!isWhole || name.IsEmpty)
            {
                break;
            }

            ReadOnlySpan<byte> value = fields.ReadString(out _);
            if (name.SequenceEqual("user"u8))
            {
                user = value.ToArray();
            }
            else if (name.SequenceEqual("database"u8))
            {
                database = value.ToArray();
            }
            else if (name.SequenceEqual("application_name"u8))
            {
                application = value.ToArray();
            }
        }

        return new StartupPacket(StartupKind.Session)
        {
            User = user,
            Database = database.Length > 0 ? database : user, // "Defaults to the user name"
            Application = application,
        };
    }
}
