using System.Buffers;

namespace ECapture.Protocols.MySql;

/// <summary>A statement that the server has prepared.</summary>
internal sealed class PreparedStatement(uint id, byte[] text, long length, int parameters)
{
    internal uint Id { get; } = id;

    internal byte[] Text { get; } = text;

    /// <summary>Bytes of the text before it was cut.</summary>
    internal long Length { get; } = length;

    internal int Parameters { get; } = parameters;

    /// <summary>As the last execution that named them did.</summary>
    internal ushort[] Types { get; set; } = [];

    /// <summary>Values that were sent ahead (COM_STMT_SEND_LONG_DATA), by parameter.</summary>
    internal Dictionary<int, ArrayBufferWriter<byte>> LongData { get; } = [];
}
