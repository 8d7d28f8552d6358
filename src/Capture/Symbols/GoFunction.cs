namespace ECapture.Capture.Symbols;

/// <summary>A function of a Go program.</summary>
/// <param name="Address">Virtual address of its first instruction, before relocation.</param>
/// <param name="Size">Bytes up to the next function, padding included.</param>
internal readonly record struct GoFunction(ulong Address, ulong Size);
