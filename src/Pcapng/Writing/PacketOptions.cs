using System.Buffers.Binary;
using System.Text;

namespace ECapture.Pcapng;

/// <summary>
/// The options of an Enhanced Packet Block, encoded once for all packets that share them (little-endian, as <see cref="PcapngWriter"/> writes).
/// </summary>
public static class PacketOptions
{
    private const int MaximumComment = 65_532;

    /// <summary>
    /// Encodes epb_flags, epb_processid_threadid, opt_comment and opt_endofopt (section "Enhanced Packet Block").
    /// </summary>
    /// <param name="direction">Written when it is known.</param>
    /// <param name="pid">Written when it is not 0.</param>
    /// <param name="tid">0 when unknown.</param>
    /// <param name="comment">Written when it is not empty; at most 65,532 bytes of UTF-8.</param>
    /// <returns>The bytes, empty when there is nothing to say.</returns>
    public static byte[] Encode(PacketDirection direction, uint pid = 0, uint tid = 0, string? comment = null)
    {
        byte[] text = Encoding.UTF8.GetBytes(comment ?? "");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(text.Length, MaximumComment, nameof(comment));
        int length = (direction != PacketDirection.Unknown ? 8 : 0) + (pid != 0 ? 12 : 0)
            + (text.Length > 0 ? 4 + Padding.Align(text.Length) : 0);
        if (length == 0)
        {
            return [];
        }

        byte[] options = new byte[length + 4];
        Span<byte> rest = options;
        if (direction != PacketDirection.Unknown)
        {
            Header(ref rest, OptionCode.PacketFlags, 4);
            BinaryPrimitives.WriteUInt32LittleEndian(rest, (uint)direction);
            rest = rest[4..];
        }

        if (pid != 0)
        {
            Header(ref rest, OptionCode.PacketProcess, 8);
            BinaryPrimitives.WriteUInt32LittleEndian(rest, pid);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], tid);
            rest = rest[8..];
        }

        if (text.Length > 0)
        {
            Header(ref rest, OptionCode.Comment, (ushort)text.Length);
            text.CopyTo(rest);
        }

        return options;
    }

    private static void Header(ref Span<byte> rest, ushort code, ushort length)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(rest, code);
        BinaryPrimitives.WriteUInt16LittleEndian(rest[2..], length);
        rest = rest[4..];
    }
}
