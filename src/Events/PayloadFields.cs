namespace ECapture.Events;

/// <summary>The payload's part of <see cref="EventFields"/>: only what tables have columns for; the rest stays in the event.</summary>
public struct PayloadFields
{
    /// <summary>Field number of the payload in <c>Event</c>; of an unknown payload its number, too; 0 without one.</summary>
    public uint Kind;

    /// <summary>The payload's main bytes (docs/architecture.md, "Tables"); empty where it has none.</summary>
    public ByteRange Main;

    /// <summary><c>TlsData.direction</c>, <c>Packet.direction</c>, <c>WebSocketMessage.direction</c>.</summary>
    public uint Direction;

    /// <summary><c>TlsData.offset</c>.</summary>
    public ulong StreamOffset;

    /// <summary><c>TlsSecret.label</c>, <c>Access.action</c>, <c>Control.action</c>, <c>HttpExchange.method</c>.</summary>
    public ByteRange Label;

    /// <summary><c>TlsSecret.client_random</c>, <c>ConnectionLink.client_random</c>.</summary>
    public ByteRange ClientRandom;

    /// <summary><c>TlsSecret.sealed.recipients</c>.</summary>
    public ByteRange SealedTo;

    /// <summary><c>Packet.interface</c>.</summary>
    public ByteRange Interface;

    /// <summary><c>Packet.original_length</c>.</summary>
    public uint OriginalLength;

    /// <summary><c>ConnectionState.state</c>, <c>AgentState.state</c>.</summary>
    public uint State;

    /// <summary><c>ConnectionLink.server_name</c>, <c>HttpExchange.host</c>.</summary>
    public ByteRange ServerName;

    /// <summary><c>ConnectionLink.from_ns</c>.</summary>
    public ulong FromNs;

    /// <summary><c>ConnectionLink.to_ns</c>.</summary>
    public ulong ToNs;

    /// <summary><c>ShellCommand.command</c>, <c>ShellResult.command</c>.</summary>
    public ulong Command;

    /// <summary><c>ShellCommand.directory</c>, <c>Access.filter</c>.</summary>
    public ByteRange Directory;

    /// <summary><c>ShellCommand.terminal</c>.</summary>
    public ByteRange Terminal;

    /// <summary><c>ShellResult.exit_status</c>, <c>ProcessExit.exit_status</c>.</summary>
    public int ExitStatus;

    /// <summary><c>ProcessExec.executable</c>, <c>HttpExchange.path</c>.</summary>
    public ByteRange Executable;

    /// <summary><c>SqlStatement.user</c>, <c>Access.actor</c>, <c>Control.actor</c>.</summary>
    public ByteRange User;

    /// <summary><c>SqlStatement.database</c>.</summary>
    public ByteRange Database;

    /// <summary><c>SqlStatement.client</c>, <c>Access.from</c>.</summary>
    public ByteRange Client;

    /// <summary><c>SqlStatement.command_tag</c>.</summary>
    public ByteRange CommandTag;

    /// <summary>True when <see cref="Rows"/> is there.</summary>
    public bool HasRows;

    /// <summary><c>SqlStatement.rows</c>, <c>Access.rows</c>, <c>Control.rows</c>.</summary>
    public ulong Rows;

    /// <summary><c>SqlStatement.outcome</c>, <c>Access.outcome</c>.</summary>
    public uint Outcome;

    /// <summary><c>SqlStatement.error_code</c>, <c>Access.reason</c>.</summary>
    public ByteRange ErrorCode;

    /// <summary><c>SqlStatement.duration_ns</c>, <c>HttpExchange.duration_ns</c>.</summary>
    public ulong DurationNs;

    /// <summary><c>SqlStatement.error_number</c>, <c>HttpExchange.status</c>.</summary>
    public uint ErrorNumber;

    /// <summary><c>AgentState.module</c>, <c>Loss.where</c>, <c>Coverage.subject</c>, <c>Access.role</c>, <c>Control.subject</c>.</summary>
    public ByteRange Module;

    /// <summary><c>AgentState.detail</c>, <c>Loss.why</c>, <c>Coverage.reason</c>, <c>Access.detail</c>, <c>Control.detail</c>, <c>HttpExchange.response_type</c>.</summary>
    public ByteRange Detail;

    /// <summary><c>Loss.records</c>, <c>Access.keys</c>, <c>HttpExchange.request_bytes</c>.</summary>
    public ulong Records;

    /// <summary><c>Access.bytes</c>, <c>Control.bytes</c>, <c>HttpExchange.response_bytes</c>.</summary>
    public ulong Bytes;
}
