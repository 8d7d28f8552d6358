using System.Buffers.Binary;
using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>Where a connection object counts the records of a direction.</summary>
/// <param name="Place">Of the eight bytes.</param>
/// <param name="IsBigEndian">Their order.</param>
internal readonly record struct NumberLocation(FieldLocation Place, bool IsBigEndian)
{
    /// <summary>Reads them.</summary>
    internal ulong Value(ReadOnlySpan<byte> bytes) =>
        IsBigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
}
