using ECapture.Events.Formatting;

namespace ECapture.Terminal.Pcap;

/// <summary>The process of packets; one object for all of them.</summary>
internal sealed class PacketOwner(uint pid, byte[] comm)
{
    /// <summary>Thread group id.</summary>
    internal uint Pid => pid;

    /// <summary>Its name as the kernel has it.</summary>
    internal ReadOnlySpan<byte> Comm => comm;

    /// <summary>Its name, made printable.</summary>
    internal string Name { get; } = comm.Length == 0 ? "process" : Printable.Of(comm);
}
