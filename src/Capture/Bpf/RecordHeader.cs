using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ECapture.Capture.Bpf;

/// <summary>Names the C type that a record struct mirrors; <see cref="RecordLayout"/> compares them at load.</summary>
[AttributeUsage(AttributeTargets.Struct)]
public sealed class CRecordAttribute(string name) : Attribute
{
    /// <summary>The C struct's name.</summary>
    public string Name { get; } = name;
}

/// <summary>Names the C member where it is not the field's name in snake_case.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class CFieldAttribute(string name) : Attribute
{
    /// <summary>The C member's name.</summary>
    public string Name { get; } = name;
}

/// <summary>What every ring record begins with: <c>struct record_header</c> of bpf/include/record.h.</summary>
[CRecord("record_header")]
[StructLayout(LayoutKind.Sequential)]
public struct RecordHeader
{
    /// <summary>Bytes of the whole record, this header included.</summary>
    public uint Length;

    /// <summary>The module's own record type.</summary>
    public ushort Type;

    /// <summary>The module's own flags.</summary>
    public ushort Flags;

    /// <summary>CLOCK_BOOTTIME, nanoseconds.</summary>
    public ulong BootNs;

    /// <summary>CLOCK_BOOTTIME at the start of the process, nanoseconds.</summary>
    public ulong ProcessStart;

    /// <summary>Thread group id.</summary>
    public uint Pid;

    /// <summary>Thread id.</summary>
    public uint Tid;

    /// <summary>Real user id.</summary>
    public uint Uid;

    /// <summary>Processor.</summary>
    public uint Cpu;

    /// <summary>Name of the process, NUL-terminated.</summary>
    public Bytes16 Comm;
}

/// <summary>A socket's addresses as its host sees them: <c>struct socket_tuple</c> of bpf/include/record.h.</summary>
[CRecord("socket_tuple")]
[StructLayout(LayoutKind.Sequential)]
public struct SocketTuple : IEquatable<SocketTuple>
{
    /// <summary>Local address, IPv4 as ::ffff:a.b.c.d.</summary>
    public Bytes16 Local;

    /// <summary>Remote address, IPv4 as ::ffff:a.b.c.d.</summary>
    public Bytes16 Remote;

    /// <summary>Host order.</summary>
    public ushort LocalPort;

    /// <summary>Host order.</summary>
    public ushort RemotePort;

    /// <summary>AF_INET 2, AF_INET6 10, AF_UNIX 1; 0: unknown.</summary>
    public byte Family;

    /// <summary>6 TCP, 17 UDP.</summary>
    public byte Protocol;

    /// <summary>Always 0.</summary>
    public ushort Reserved;

    /// <summary>Inode of the network namespace.</summary>
    public uint Netns;

    /// <summary>Of a UNIX socket: pid of the other side.</summary>
    public uint PeerPid;

    /// <summary>True when there are addresses.</summary>
    public readonly bool HasAddresses => Family is 2 or 10;

    /// <summary>The same flow seen from its other end.</summary>
    public readonly SocketTuple Reversed()
    {
        SocketTuple other = this;
        other.Local = Remote;
        other.Remote = Local;
        other.LocalPort = RemotePort;
        other.RemotePort = LocalPort;
        return other;
    }

    /// <inheritdoc/>
    public readonly bool Equals(SocketTuple other) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<SocketTuple>(in this))
            .SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<SocketTuple>(in other)));

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is SocketTuple other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(MemoryMarshal.AsBytes(new ReadOnlySpan<SocketTuple>(in this)));
        return hash.ToHashCode();
    }

    /// <summary>Equality of all bytes.</summary>
    public static bool operator ==(SocketTuple left, SocketTuple right) => left.Equals(right);

    /// <summary>Inequality of any byte.</summary>
    public static bool operator !=(SocketTuple left, SocketTuple right) => !left.Equals(right);

    /// <inheritdoc/>
    public override readonly string ToString() =>
        $"{Address(Local)}:{LocalPort} - {Address(Remote)}:{RemotePort}";

    private static IPAddress Address(Bytes16 bytes)
    {
        IPAddress address = new((ReadOnlySpan<byte>)bytes);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}

/// <summary>Sixteen bytes in place.</summary>
[InlineArray(16)]
public struct Bytes16
{
    private byte _first;
}
