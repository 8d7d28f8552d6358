using System.Buffers.Binary;
using System.Text;

namespace ECapture.Capture.Bpf;

/// <summary>A member of a C struct.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Offset">Bytes from the start of the struct.</param>
public readonly record struct BtfMember(string Name, int Offset);

/// <summary>A C struct of an object.</summary>
/// <param name="Name">Its tag.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Members">In order.</param>
public sealed record BtfStruct(string Name, int Size, IReadOnlyList<BtfMember> Members);

/// <summary>
/// The structs in BTF data (Documentation/bpf/btf.rst, "BTF Type and String Encoding").
/// </summary>
public sealed class BtfTypes
{
    private const int Struct = 4;
    private readonly Dictionary<string, BtfStruct> _structs;

    private BtfTypes(Dictionary<string, BtfStruct> structs) => _structs = structs;

    /// <summary>The struct with a tag, or null.</summary>
    public BtfStruct? Find(string name) => _structs.GetValueOrDefault(name);

    /// <summary>Reads BTF data.</summary>
    /// <exception cref="CaptureException">The data is no BTF or is cut.</exception>
    public static BtfTypes Parse(ReadOnlySpan<byte> data)
    {
        const int HeaderSize = 24;
        const ushort Magic = 0xeb9f;
        if (data.Length < HeaderSize || BinaryPrimitives.ReadUInt16LittleEndian(data) != Magic)
        {
            throw new CaptureException("the type information is no BTF");
        }

        int header = ReadInt(data, 4);
        ReadOnlySpan<byte> types = Section(data, header, ReadInt(data, 8), ReadInt(data, 12));
        ReadOnlySpan<byte> strings = Section(data, header, ReadInt(data, 16), ReadInt(data, 20));

        Dictionary<string, BtfStruct> structs = [];
        int at = 0;
        while (at < types.Length)
        {
            const int CommonSize = 12;
            int nameAt = ReadInt(types, at);
            uint info = (uint)ReadInt(types, at + 4);
            int size = ReadInt(types, at + 8);
            int count = (int)(info & 0xffff);
            int kind = (int)((info >> 24) & 0x1f);
            bool bitfields = info >> 31 != 0;
            at += CommonSize;
            if (kind == Struct)
            {
                List<BtfMember> members = [];
                for (int i = 0; i < count; i++)
                {
                    uint offset = (uint)ReadInt(types, at + (i * 12) + 8);
                    members.Add(new BtfMember(Text(strings, ReadInt(types, at + (i * 12))), (int)((bitfields ? offset & 0xffffff : offset) / 8)));
                }

                string name = Text(strings, nameAt);
                structs[name] = new BtfStruct(name, size, members);
            }

            at += TrailingSize(kind, count);
        }

        return new BtfTypes(structs);
    }

    // Bytes that follow the common part of a type, by its kind.
    private static int TrailingSize(int kind, int count) => kind switch
    {
        1 or 14 or 17 => 4,          // int, var, declaration tag
        3 => 12,                     // array
        4 or 5 or 15 or 19 => 12 * count, // struct, union, data section, 64-bit enum
        6 or 13 => 8 * count,        // enum, function prototype
        _ => 0,
    };

    private static int ReadInt(ReadOnlySpan<byte> data, int at) =>
        at >= 0 && at <= data.Length - 4
            ? BinaryPrimitives.ReadInt32LittleEndian(data[at..])
            : throw new CaptureException("the type information is cut");

    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> data, int header, int offset, int length) =>
        header >= 0 && offset >= 0 && length >= 0 && (long)header + offset + length <= data.Length
            ? data.Slice(header + offset, length)
            : throw new CaptureException("the type information is cut");

    private static string Text(ReadOnlySpan<byte> strings, int at)
    {
        if (at < 0 || at >= strings.Length)
        {
            throw new CaptureException("the type information is cut");
        }

        ReadOnlySpan<byte> rest = strings[at..];
        int end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }
}
