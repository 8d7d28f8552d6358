namespace ECapture.Pcapng;

/// <summary>Section "systemd Journal Export Block".</summary>
/// <param name="Offset">Offset in bytes.</param>
/// <param name="Entry">The entry with its padding of zero bytes.</param>
public sealed record SystemdJournalBlock(long Offset, ReadOnlyMemory<byte> Entry) : PcapngBlock(Offset, PcapngOptions.None);
