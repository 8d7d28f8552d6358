using System.Text;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Databases;
using ECapture.Protocols.Postgres;

namespace ECapture.Capture.Modules.Postgres;

/// <summary>One server process and the session of its client.</summary>
internal sealed class ServerSession
{
    private readonly Action<ServerSession, PostgresStatement> _publish;
    private ServerTitle? _title;
    private long _losses;

    internal ServerSession(
        in RecordHeader process, ServerTitle? title, PostgresLimits limits, Action<ServerSession, PostgresStatement> publish)
    {
        Process = process;
        _title = title;
        _publish = publish;
        Protocol = new PostgresSession(limits, OnStatement);
    }

    /// <summary>The server process, as its last record showed it.</summary>
    internal RecordHeader Process { get; set; }

    /// <summary>The socket, once it is known.</summary>
    internal SocketTuple Socket { get; set; }

    internal PostgresSession Protocol { get; }

    /// <summary>Not captured.</summary>
    internal bool IsExcluded { get; set; }

    /// <summary>How often it was looked whether it is to be excluded.</summary>
    internal int Looks;

    /// <summary>What the kernel was told not to send.</summary>
    internal UnwantedBytes Unwanted;

    internal ReadOnlyMemory<byte> User => Protocol.User.Length > 0 ? Protocol.User : Encoding.UTF8.GetBytes(Title.User ?? "");

    internal ReadOnlyMemory<byte> Database => Protocol.User.Length > 0 ? Protocol.Database : Encoding.UTF8.GetBytes(Title.Database ?? "");

    /// <summary>Address of the client.</summary>
    internal string Client => DatabaseClient.AddressOf(Socket) ?? Title.Client ?? "";

    /// <summary>Gaps since the last call.</summary>
    internal long TakeLosses()
    {
        long losses = Protocol.Losses - _losses;
        _losses = Protocol.Losses;
        return losses;
    }

    private ServerTitle Title => _title ??= ServerTitle.Read(Process.Pid);

    private void OnStatement(PostgresStatement statement)
    {
        if (!IsExcluded)
        {
            _publish(this, statement);
        }
    }
}
