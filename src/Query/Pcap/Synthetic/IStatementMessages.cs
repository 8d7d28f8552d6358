using ECapture.Events.V1;

namespace ECapture.Query.Pcap.Synthetic;

/// <summary>Writes statements as the messages of their database's protocol.</summary>
internal interface IStatementMessages
{
    /// <summary>The port that Wireshark knows the protocol by.</summary>
    ushort Port { get; }

    /// <summary>What stands before the first statement: who speaks, and to which database.</summary>
    IEnumerable<(bool FromClient, byte[] Data)> Opening(SqlStatement statement);

    /// <summary>The statement.</summary>
    byte[] Request(SqlStatement statement);

    /// <summary>Its answer; empty when there was none.</summary>
    byte[] Response(SqlStatement statement);
}
