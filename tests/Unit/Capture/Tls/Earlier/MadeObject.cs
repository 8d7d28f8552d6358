using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ECapture.Tests.Unit.Capture.Tls.Earlier;

/// <summary>A connection object in this process's own memory, with fields where the test wants them: in itself, and in a session that it points to.</summary>
internal sealed unsafe class MadeObject : IDisposable
{
    private const int Bytes = 16 * 1024;
    private const int SessionPointer = 0x48;
    private readonly byte* _object;
    private readonly byte* _session;

    public MadeObject()
    {
        _object = (byte*)NativeMemory.AlignedAlloc(Bytes, 16);
        _session = (byte*)NativeMemory.AlignedAlloc(Bytes, 16);
        NativeMemory.Clear(_object, Bytes);
        NativeMemory.Clear(_session, Bytes);
        *(byte**)(_object + SessionPointer) = _session;
    }

    public ulong Address => (ulong)_object;

    public MadeObject With(int offset, ReadOnlySpan<byte> content)
    {
        content.CopyTo(new Span<byte>(_object + offset, content.Length));
        return this;
    }

    public MadeObject WithNumber(int offset, ulong number)
    {
        BinaryPrimitives.WriteUInt64BigEndian(new Span<byte>(_object + offset, 8), number);
        return this;
    }

    public MadeObject InSession(int offset, ReadOnlySpan<byte> content)
    {
        content.CopyTo(new Span<byte>(_session + offset, content.Length));
        return this;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_object);
        NativeMemory.AlignedFree(_session);
    }
}
