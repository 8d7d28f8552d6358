using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Packet;

/// <summary><c>struct packet_record</c> of bpf/packet.bpf.c; the frame follows.</summary>
[CRecord("packet_record")]
[StructLayout(LayoutKind.Sequential)]
internal struct PacketRecord
{
    /// <summary>The process fields are the socket owner's; pid 0: not known.</summary>
    internal RecordHeader Header;

    /// <summary>As the process sees it.</summary>
    internal SocketTuple Tuple;

    /// <summary>The interface.</summary>
    internal uint InterfaceIndex;

    /// <summary>Bytes of the frame on the interface.</summary>
    internal uint OriginalLength;

    /// <summary>Where the TCP or UDP payload is in the frame; 0: none.</summary>
    internal uint PayloadAt;

    /// <summary>1 received, 2 sent.</summary>
    internal uint Direction;
}

/// <summary><c>struct interface_config</c>.</summary>
[CRecord("interface_config")]
[StructLayout(LayoutKind.Sequential)]
internal struct InterfaceConfig
{
    /// <summary>Inode of the network namespace.</summary>
    internal uint Netns;

    /// <summary>Bytes of the link-layer header.</summary>
    internal uint HeaderLength;

    /// <summary>1: loopback.</summary>
    internal uint IsLoopback;
}
