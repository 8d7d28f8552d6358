namespace ECapture.Pcapng;

/// <summary>An interface to describe in a file (section "Interface Description Block").</summary>
/// <param name="Name">if_name, for example <c>eth0</c>.</param>
/// <param name="LinkType">LINKTYPE_ number, 1 for Ethernet.</param>
/// <param name="Description">if_description, or null.</param>
public sealed record PcapngInterface(string Name, ushort LinkType, string? Description = null);
