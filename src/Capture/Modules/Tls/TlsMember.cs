using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Tls;

/// <summary>The numbers of the modules that share the ring of TLS, in every record's <c>library</c>: MODULE_OF and LIBRARY_OF of bpf/include/tls.h.</summary>
internal static class TlsMember
{
    internal const uint Tls = 1;
    internal const uint GnuTls = 2;
    internal const uint Nss = 3;
    internal const uint GoTls = 4;

    private const int LibraryBits = 16;

    /// <summary>Lower half of an attach cookie.</summary>
    internal static uint CookieOf(uint member, uint library) => (member << LibraryBits) | library;

    /// <summary>The module's own index of the library.</summary>
    internal static uint LibraryOf(uint cookie) => cookie & ((1u << LibraryBits) - 1);

    /// <summary>Whose a record is; it stands at the same place in all of them. 0: nobody's.</summary>
    internal static uint Of(ReadOnlySpan<byte> record)
    {
        int at = Unsafe.SizeOf<RecordHeader>() + Unsafe.SizeOf<SocketTuple>();
        return record.Length >= at + sizeof(uint) ? MemoryMarshal.Read<uint>(record[at..]) >> LibraryBits : 0;
    }
}
