namespace ECapture.Capture.Symbols;

/// <summary>The function of a TLS library that every secret passes through, as <see cref="KeyLogResolver"/> found it.</summary>
/// <param name="Address">Virtual address in the file.</param>
/// <param name="FileOffset">Where its first instruction is in the file.</param>
/// <param name="ClientRandom">Where the connection object holds the client random.</param>
/// <param name="Labels">Virtual addresses of the label strings.</param>
/// <param name="How">How it was found, for people.</param>
public sealed record KeyLogFunction(
    ulong Address, ulong FileOffset, FieldLocation ClientRandom, IReadOnlyDictionary<ulong, string> Labels, string How);

/// <summary>What <see cref="KeyLogResolver"/> found.</summary>
/// <param name="Function">The function, or null when it could not be placed beyond doubt.</param>
/// <param name="Tried">What was tried and why it did not do; empty when it did.</param>
public readonly record struct KeyLogResolution(KeyLogFunction? Function, string Tried);
