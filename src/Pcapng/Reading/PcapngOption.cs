namespace ECapture.Pcapng;

/// <summary>One option of a block (section "Options").</summary>
/// <param name="Code">See <see cref="OptionCode"/>.</param>
/// <param name="Value">Without padding.</param>
public readonly record struct PcapngOption(ushort Code, ReadOnlyMemory<byte> Value);
