using System.Text;

namespace ECapture.Protocols.MySql;

/// <summary>An ERR packet (MySQL internals, "ERR_Packet").</summary>
internal readonly record struct ErrorPacket(ushort Number, string SqlState, byte[] Message)
{
    internal const byte Marker = 0xff;
    private const ushort Progress = 0xffff;

    /// <summary>MariaDB's progress report looks like an error and is none.</summary>
    internal bool IsProgress => Number == Progress;

    internal static ErrorPacket Parse(ReadOnlySpan<byte> payload)
    {
        const int StateLength = 5;
        ByteCursor cursor = new(payload);
        cursor.U8();
        ushort number = cursor.U16();
        string state = "";
        if (!cursor.IsAtEnd && cursor.Rest[0] == (byte)'#')
        {
            cursor.U8();
            state = Encoding.ASCII.GetString(cursor.Bytes(StateLength));
        }

        return new ErrorPacket(number, state, cursor.Rest.ToArray());
    }
}
