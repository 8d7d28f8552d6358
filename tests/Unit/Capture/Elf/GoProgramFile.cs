using System.Buffers.Binary;
using System.Text;

namespace ECapture.Tests.Unit.Capture.Elf;

/// <summary>A program made by hand: a segment of code at 0x401000, and a Go function table at 0x402000, without section headers.</summary>
internal static class GoProgramFile
{
    internal const ulong CodeAddress = 0x401000;
    internal const int TableAt = 0x2000;
    internal const int NamesAt = 72;
    internal const int FunctionsAt = 160;
    private const int CodeAt = 0x1000;

    /// <summary>Names of its functions, 64 bytes of code each.</summary>
    internal static readonly string[] Names = ["go.buildid", "crypto/tls.(*Conn).Read", "crypto/tls.(*Conn).ReadFrom"];

    internal static byte[] Make(ReadOnlySpan<byte> code, uint magic = 0xfffffff1)
    {
        byte[] file = new byte[TableAt + 512];
        Span<byte> all = file;
        ((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]).CopyTo(all);
        Put16(16, 2); // executable
        Put16(18, 62); // x86-64
        Put64(32, 64);
        Put16(54, 56);
        Put16(56, 2);
        Segment(64, 5, CodeAt, CodeAddress, 0x100);
        Segment(120, 4, TableAt, 0x402000, 512);
        code.CopyTo(all[CodeAt..]);

        Put32(TableAt, magic);
        file[TableAt + 6] = 1;
        file[TableAt + 7] = 8;
        Put64(TableAt + 8, (ulong)Names.Length);
        Put64(TableAt + 24, CodeAddress);
        Put64(TableAt + 32, NamesAt);
        Put64(TableAt + 40, FunctionsAt);
        Put64(TableAt + 64, FunctionsAt);
        int name = 0;
        for (int i = 0; i < Names.Length; i++)
        {
            int entry = TableAt + FunctionsAt + (i * 8);
            int function = 64 + (i * 8);
            Put32(entry, (uint)i * 64);
            Put32(entry + 4, (uint)function);
            Put32(TableAt + FunctionsAt + function, (uint)i * 64);
            Put32(TableAt + FunctionsAt + function + 4, (uint)name);
            name += Encoding.ASCII.GetBytes(Names[i], all[(TableAt + NamesAt + name)..]) + 1;
        }

        Put32(TableAt + FunctionsAt + (Names.Length * 8), (uint)Names.Length * 64);
        return file;

        void Put16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);
        void Put32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
        void Put64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
        void Segment(int at, uint flags, ulong offset, ulong address, ulong size)
        {
            Put32(at, 1);
            Put32(at + 4, flags);
            Put64(at + 8, offset);
            Put64(at + 16, address);
            Put64(at + 32, size);
            Put64(at + 40, size);
        }
    }
}
