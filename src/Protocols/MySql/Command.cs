using ECapture.Protocols.Sql;

namespace ECapture.Protocols.MySql;

/// <summary>A command on its way to its answer.</summary>
internal sealed class Command(CommandCode code, ulong arrivedNs)
{
    internal CommandCode Code { get; } = code;

    internal ulong ArrivedNs { get; } = arrivedNs;

    /// <summary>What follows the code, up to the limit; of a query only its text.</summary>
    internal byte[] Body { get; set; } = [];

    /// <summary>Bytes of the body before it was cut.</summary>
    internal long Length { get; set; }

    internal bool IsCut => Length > Body.Length;

    /// <summary>Query attributes, or what is bound.</summary>
    internal IReadOnlyList<SqlParameter> Parameters { get; set; } = [];

    /// <summary>What is executed, once it is known.</summary>
    internal PreparedStatement? Statement { get; set; }

    /// <summary>Default database when the answer began.</summary>
    internal ReadOnlyMemory<byte> Database { get; set; }

    /// <summary>True when the server says nothing to it.</summary>
    internal bool HasNoAnswer => Code is CommandCode.Quit or CommandCode.Close or CommandCode.SendLongData;
}
