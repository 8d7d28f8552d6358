using System.Globalization;
using System.Text;
using ECapture.Protocols.Sql;

namespace ECapture.Protocols.MySql;

/// <summary>Reads one value of the binary protocol (MySQL internals, "Binary Protocol Value").</summary>
internal static class ParameterValues
{
    internal const ushort Unsigned = 0x8000;

    private static readonly CultureInfo s_plain = CultureInfo.InvariantCulture;

    /// <returns>False: the type is not known, or the bytes ended.</returns>
    internal static bool TryRead(ref ByteCursor cursor, ushort type, out SqlParameter parameter)
    {
        bool isUnsigned = (type & Unsigned) != 0;
        byte field = (byte)type;
        parameter = new SqlParameter(null, false, (uint)(field | (type & Unsigned)));
        string? text = null;
        switch (field)
        {
            case 1:
                byte tiny = cursor.U8();
                text = isUnsigned ? tiny.ToString(s_plain) : ((sbyte)tiny).ToString(s_plain);
                break;
            case 2 or 13:
                ushort small = cursor.U16();
                text = isUnsigned ? small.ToString(s_plain) : ((short)small).ToString(s_plain);
                break;
            case 3 or 9:
                uint number = cursor.U32();
                text = isUnsigned ? number.ToString(s_plain) : ((int)number).ToString(s_plain);
                break;
            case 8:
                ulong big = cursor.U64();
                text = isUnsigned ? big.ToString(s_plain) : ((long)big).ToString(s_plain);
                break;
            case 4:
                text = BitConverter.UInt32BitsToSingle(cursor.U32()).ToString("R", s_plain);
                break;
            case 5:
                text = BitConverter.UInt64BitsToDouble(cursor.U64()).ToString("R", s_plain);
                break;
            case 6:
                return !cursor.IsBroken;
            case 7 or 10 or 12 or 14 or 17 or 18:
                text = Moment(cursor.Bytes(cursor.U8()));
                break;
            case 11 or 19:
                text = Span(cursor.Bytes(cursor.U8()));
                break;
            case 0 or 15 or 245 or 246 or 247 or 248 or 253 or 254:
                parameter = parameter with { Value = cursor.Text().ToArray() };
                return !cursor.IsBroken;
            case 16 or 249 or 250 or 251 or 252 or 255:
                parameter = parameter with { Value = cursor.Text().ToArray(), IsBinary = true };
                return !cursor.IsBroken;
            default:
                return false;
        }

        if (cursor.IsBroken)
        {
            return false;
        }

        parameter = parameter with { Value = Encoding.ASCII.GetBytes(text) };
        return true;
    }

    private static string Moment(ReadOnlySpan<byte> bytes)
    {
        ByteCursor cursor = new(bytes);
        string date = string.Create(s_plain, $"{cursor.U16():D4}-{cursor.U8():D2}-{cursor.U8():D2}");
        if (bytes.Length <= 4)
        {
            return bytes.IsEmpty ? "0000-00-00 00:00:00" : date;
        }

        string time = string.Create(s_plain, $"{cursor.U8():D2}:{cursor.U8():D2}:{cursor.U8():D2}");
        return bytes.Length > 7 ? string.Create(s_plain, $"{date} {time}.{cursor.U32():D6}") : $"{date} {time}";
    }

    private static string Span(ReadOnlySpan<byte> bytes)
    {
        ByteCursor cursor = new(bytes);
        string sign = cursor.U8() != 0 ? "-" : "";
        ulong hours = (cursor.U32() * 24UL) + cursor.U8();
        string time = string.Create(s_plain, $"{sign}{hours:D2}:{cursor.U8():D2}:{cursor.U8():D2}");
        return bytes.Length > 8 ? string.Create(s_plain, $"{time}.{cursor.U32():D6}") : bytes.IsEmpty ? "00:00:00" : time;
    }
}
