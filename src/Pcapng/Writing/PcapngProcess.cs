namespace ECapture.Pcapng;

/// <summary>A process to describe in a file, for packets that name it by <see cref="OptionCode.PacketProcess"/>.</summary>
/// <param name="Pid">Process id.</param>
/// <param name="Name">Short name; written as UTF-8.</param>
/// <param name="Uid">User id, or null when unknown.</param>
/// <param name="StartNanoseconds">Start in nanoseconds of the Unix epoch, or null when unknown; readers use it where a pid was reused.</param>
public readonly record struct PcapngProcess(uint Pid, string Name, uint? Uid, ulong? StartNanoseconds);
