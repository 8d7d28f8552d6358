namespace ECapture.Capture.Symbols;

/// <summary>Where a connection object keeps a field: the client random, a secret.</summary>
/// <param name="Pointer">Offset of a pointer in the object, which is followed first; -1: none.</param>
/// <param name="Offset">Offset in what that points to, or in the object itself.</param>
public readonly record struct FieldLocation(int Pointer, int Offset)
{
    /// <inheritdoc/>
    public override string ToString() => Pointer < 0 ? $"conn+0x{Offset:x}" : $"*(conn+0x{Pointer:x})+0x{Offset:x}";
}
