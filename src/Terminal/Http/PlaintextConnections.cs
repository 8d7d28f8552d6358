using System.Diagnostics.CodeAnalysis;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Terminal.Http;

/// <summary>
/// The connections whose plaintext is being read; their number and memory are bounded, the one that was quiet longest goes first. A connection goes on where another agent sees the rest of it.
/// </summary>
internal sealed class PlaintextConnections(Action<TerminalItem> emit, int mostConnections = 8192, long mostBytes = 256L << 20)
{
    private const ulong Second = 1_000_000_000;
    private const ulong AfterClose = Second; // its last plaintext comes through another ring
    private const ulong LongestQuiet = 600 * Second;
    private const int MostOlder = 65_536;

    private readonly Dictionary<ulong, PlaintextConnection> _connections = [];
    private readonly Dictionary<ulong, ulong> _closing = [];
    private readonly HashSet<ulong> _older = [];
    private readonly List<ulong> _done = [];

    // Of the agent before, by what both know them by.
    private readonly Dictionary<(uint Pid, ulong Flow, uint Port), ulong> _inherited = [];
    private ByteString? _run;
    private long _bytes;

    /// <summary>Connections that are open here.</summary>
    internal int Count => _connections.Count;

    /// <summary>Takes a piece of plaintext.</summary>
    internal void Feed(string topic, Event piece)
    {
        if (piece.Run != _run)
        {
            Inherit(piece.Run);
        }

        if (!_connections.TryGetValue(piece.Connection, out PlaintextConnection? connection) && !TryContinue(piece, out connection))
        {
            if (_connections.Count >= mostConnections)
            {
                CloseQuietest();
            }

            bool isOlder = piece.Flow is { } flow ? _older.Contains(flow.Id) : _inherited.Count > 0;
            connection = new PlaintextConnection(topic, isOlder, emit);
            _connections[piece.Connection] = connection;
        }

        _bytes -= connection.BufferedBytes;
        connection.Feed(piece);
        _bytes += connection.BufferedBytes;
        while (_bytes > mostBytes && _connections.Count > 0)
        {
            CloseQuietest();
        }
    }

    /// <summary>Takes the state of a flow.</summary>
    internal void OnState(ulong flow, ConnectionState.Types.State state, ulong bootNs)
    {
        switch (state)
        {
            case ConnectionState.Types.State.Existing when _older.Count < MostOlder:
                _older.Add(flow);
                break;
            case ConnectionState.Types.State.Closed:
                _older.Remove(flow);
                _closing[flow] = bootNs + AfterClose;
                break;
            case ConnectionState.Types.State.Opened or ConnectionState.Types.State.Accepted:
                // The same addresses again: what was there before has ended.
                _older.Remove(flow);
                if (_closing.Remove(flow))
                {
                    CloseWhere(c => c.Flow == flow && c.LastNs < bootNs);
                }

                break;
        }
    }

    /// <summary>Ends what was closed a while ago, or was quiet for long.</summary>
    internal void Tick(ulong nowNs)
    {
        HashSet<ulong> due = [.. _closing.Where(c => c.Value <= nowNs).Select(c => c.Key)];
        foreach (PlaintextConnection connection in _connections.Values)
        {
            connection.Tick(nowNs);
        }

        CloseWhere(c => (due.Contains(c.Flow) && c.LastNs + AfterClose <= nowNs) || c.LastNs + LongestQuiet < nowNs);
        // Both ends of a flow may be here, and one of them may read on for a while.
        due.ExceptWith(_connections.Values.Select(c => c.Flow));
        foreach (ulong flow in due)
        {
            _closing.Remove(flow);
        }
    }

    /// <summary>Ends all.</summary>
    internal void Close() => CloseWhere(_ => true);

    private void Inherit(ByteString run)
    {
        _run = run;
        _inherited.Clear();
        foreach ((ulong id, PlaintextConnection connection) in _connections)
        {
            // Without addresses only the one of a process can be known again.
            _inherited[connection.Place] = connection.Place.Flow == 0 && _inherited.ContainsKey(connection.Place) ? 0 : id;
        }
    }

    private bool TryContinue(Event piece, [NotNullWhen(true)] out PlaintextConnection? connection)
    {
        connection = null;
        if (_inherited.Count == 0 || !_inherited.Remove(PlaintextConnection.PlaceOf(piece), out ulong id) || !_connections.Remove(id, out connection))
        {
            return false;
        }

        connection.CountAnew();
        _connections[piece.Connection] = connection;
        return true;
    }

    private void CloseWhere(Func<PlaintextConnection, bool> isOver)
    {
        foreach ((ulong id, PlaintextConnection connection) in _connections)
        {
            if (isOver(connection))
            {
                _done.Add(id);
            }
        }

        foreach (ulong id in _done)
        {
            Close(id);
        }

        _done.Clear();
    }

    private void CloseQuietest() => Close(_connections.MinBy(c => c.Value.LastNs).Key);

    private void Close(ulong id)
    {
        if (_connections.Remove(id, out PlaintextConnection? connection))
        {
            _bytes -= connection.BufferedBytes;
            connection.Close();
        }
    }
}
