using System.Buffers.Binary;
using System.Text;

namespace ECapture.Tests.Unit.Capture.Bpf;

/// <summary>Makes BTF data of one struct (Documentation/bpf/btf.rst).</summary>
internal static class Btf
{
    internal static byte[] Struct(string name, int size, params (string Name, int Offset)[] members)
    {
        MemoryStream strings = new();
        strings.WriteByte(0);
        MemoryStream types = new();
        const int Int = 1;
        const int StructKind = 4;
        Write(types, Add(strings, "unsigned int"), Int << 24, 4, 32);
        Write(types, Add(strings, name), (StructKind << 24) | members.Length, size);
        foreach ((string member, int offset) in members)
        {
            Write(types, Add(strings, member), 1, offset * 8);
        }

        MemoryStream whole = new();
        const int Header = 24;
        Write(whole, 0x0001eb9f, Header, 0, (int)types.Length, (int)types.Length, (int)strings.Length);
        whole.Write(types.ToArray());
        whole.Write(strings.ToArray());
        return whole.ToArray();
    }

    private static int Add(MemoryStream strings, string text)
    {
        int at = (int)strings.Length;
        strings.Write(Encoding.ASCII.GetBytes(text));
        strings.WriteByte(0);
        return at;
    }

    private static void Write(MemoryStream stream, params int[] values)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (int value in values)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
            stream.Write(bytes);
        }
    }
}
