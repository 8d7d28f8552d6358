using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace ECapture.Pcapng;

/// <summary>Reads lists of (code, length, padded value): options and name resolution records.</summary>
internal static class OptionList
{
    public static bool TryRead(
        ReadOnlyMemory<byte> bytes, bool bigEndian, [NotNullWhen(true)] out PcapngOptions? options, out string problem)
    {
        options = null;
        if (!TryRead(ref bytes, bigEndian, out List<PcapngOption> list, out problem))
        {
            return false;
        }

        options = list.Count == 0 ? PcapngOptions.None : new PcapngOptions(list, bigEndian);
        return true;
    }

    /// <summary>Reads up to the end mark (code 0) or the end of the bytes; leaves in <paramref name="bytes"/> what follows.</summary>
    public static bool TryRead(ref ReadOnlyMemory<byte> bytes, bool bigEndian, out List<PcapngOption> list, out string problem)
    {
        list = [];
        problem = "";
        while (bytes.Length >= 4)
        {
            ReadOnlySpan<byte> header = bytes.Span;
            ushort code = bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(header) : BinaryPrimitives.ReadUInt16LittleEndian(header);
            ushort length = bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(header[2..]) : BinaryPrimitives.ReadUInt16LittleEndian(header[2..]);
            bytes = bytes[4..];
            if (code == OptionCode.End)
            {
                return true;
            }

            if (length > bytes.Length)
            {
                problem = FormattableString.Invariant($"option {code} says {length} bytes where {bytes.Length} are left");
                return false;
            }

            list.Add(new PcapngOption(code, bytes[..length]));
            bytes = bytes[Math.Min(Padding.Align(length), bytes.Length)..];
        }

        if (bytes.Length > 0)
        {
            problem = FormattableString.Invariant($"{bytes.Length} bytes after the last option");
            return false;
        }

        return true;
    }
}
