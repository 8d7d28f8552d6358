using ECapture.Capture.Bpf;
using ECapture.Protocols.MySql;

namespace ECapture.Capture.Modules.Mysqld;

/// <summary>One client's session.</summary>
internal sealed class ClientSession
{
    private readonly Action<ClientSession, MySqlStatement> _publish;
    private long _losses;

    internal ClientSession(in DataRecord first, ulong connection, MySqlLimits limits, Action<ClientSession, MySqlStatement> publish)
    {
        Birth = first.Birth;
        Connection = connection;
        Server = first.Header;
        _publish = publish;
        Protocol = new MySqlSession(limits, OnStatement);
    }

    /// <summary>When it was first seen: tells sessions at the same address apart.</summary>
    internal ulong Birth { get; }

    /// <summary>Connection id of the agent run.</summary>
    internal ulong Connection { get; }

    /// <summary>The server's process and thread, as the last record showed it.</summary>
    internal RecordHeader Server { get; set; }

    /// <summary>The socket, once it is known.</summary>
    internal SocketTuple Socket { get; set; }

    internal MySqlSession Protocol { get; }

    /// <summary>Its bytes are of no interest any more, and the kernel was told so.</summary>
    internal bool IsIgnored { get; set; }

    /// <summary>How often it was looked whether it is to be excluded.</summary>
    internal int Looks;

    /// <summary>Gaps since the last call.</summary>
    internal long TakeLosses()
    {
        long losses = Protocol.Losses - _losses;
        _losses = Protocol.Losses;
        return losses;
    }

    private void OnStatement(MySqlStatement statement)
    {
        if (!IsIgnored)
        {
            _publish(this, statement);
        }
    }
}
