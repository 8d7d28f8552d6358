using System.Buffers.Binary;

namespace ECapture.Tests.Unit.Pcapng;

/// <summary>A file with block types and options that this program does not write, in either byte order.</summary>
internal static class ForeignFile
{
    public static byte[] Write(bool bigEndian)
    {
        var file = new MemoryStream();
        byte[] U16(int value) => Number(value, 2, bigEndian);
        byte[] U32(long value) => Number(value, 4, bigEndian);
        byte[] U64(long value) => Number(value, 8, bigEndian);
        byte[] Option(int code, params byte[] value) => [.. U16(code), .. U16(value.Length), .. Pad(value)];
        void Block(uint type, params byte[][] parts)
        {
            byte[] body = [.. parts.SelectMany(p => p)];
            file.Write([.. U32(type), .. U32(body.Length + 12), .. body, .. U32(body.Length + 12)]);
        }

        Block(0x0A0D0D0A, U32(0x1A2B3C4D), U16(1), U16(2), U64(-1));
        Block(1, U16(113), U16(0), U32(96), Option(14, U64(3600)), Option(0));
        const long microseconds = 1_757_500_000_000_001;
        Block(6, U32(0), U32(microseconds >> 32), U32(microseconds & uint.MaxValue), U32(3), U32(3), Pad([1, 2, 3]),
            Option(2, U32(1)), Option(8, [.. U32(4321), .. U32(8765)]), Option(0));
        Block(3, U32(1000), new byte[96]);
        Block(2, U16(0), U16(9), U32(0), U32(5), U32(5), U32(5), Pad([1, 2, 3, 4, 5]));
        Block(4, Option(1, 127, 0, 0, 1, (byte)'a', 0), Option(0), Option(1, "resolver"u8.ToArray()), Option(0));
        Block(5, U32(0), U32(0), U32(1), Option(4, U64(77)), Option(0));
        Block(9, [(byte)'A', (byte)'=', (byte)'1', 0]);
        Block(0x40000BAD, U32(32622), [1, 2, 3, 4]);
        Block(0x80000001, [1, 0, 0, 0]);
        return file.ToArray();
    }

    private static byte[] Pad(byte[] value) => [.. value, .. new byte[(4 - (value.Length % 4)) % 4]];

    private static byte[] Number(long value, int length, bool bigEndian)
    {
        byte[] bytes = new byte[8];
        if (bigEndian)
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes, value);
            return bytes[(8 - length)..];
        }

        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes[..length];
    }
}
