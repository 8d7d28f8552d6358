using System.Buffers;

namespace ECapture.Terminal;

/// <summary>Writes items in one form. Not for several threads.</summary>
internal interface IItemFormat
{
    /// <summary>Appends the item; nothing when it has no place in this form.</summary>
    void Write(TerminalItem item, IBufferWriter<byte> output);
}
