using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>Facts of connections, by flow and by connection, as far as they concern flows and connections that are wanted.</summary>
internal sealed class FactIndex
{
    private readonly Dictionary<FlowKey, Dictionary<ulong, ConnectionExtent>> _extents = [];
    private readonly Dictionary<ConnectionKey, HashSet<FlowKey>> _flows = [];
    private readonly HashSet<ConnectionKey> _connections = [];

    /// <summary>Client randoms as they were seen: on a flow, of a connection, or both.</summary>
    public List<(FlowKey Key, ulong Connection, long Time, byte[] Random)> Randoms { get; } = [];

    /// <summary>States that know the socket alone, as the kernel's do.</summary>
    public List<ConnectionFact> States { get; } = [];

    public IEnumerable<FlowKey> Flows => _extents.Keys;

    public IReadOnlyCollection<ConnectionKey> Connections => _connections;

    public bool Want(FlowKey key) => _extents.TryAdd(key, []);

    public bool Want(ConnectionKey key) => _connections.Add(key);

    public IEnumerable<FlowKey> FlowsOf(ConnectionKey key) => _flows.GetValueOrDefault(key) ?? [];

    public Dictionary<ulong, ConnectionExtent> Extents(FlowKey key) => _extents[key];

    /// <summary>Takes a fact when its flow or connection is wanted.</summary>
    /// <returns>False when it is not.</returns>
    public bool Add(ConnectionFact fact)
    {
        var connection = new ConnectionKey(fact.Key.Host, fact.Connection);
        bool isFlowWanted = fact.Key.Flow != 0 && _extents.ContainsKey(fact.Key);
        if (!isFlowWanted && !(fact.Connection != 0 && _connections.Contains(connection)))
        {
            return false;
        }

        if (fact.Connection != 0)
        {
            Want(connection);
        }
        else if (fact.IsState && isFlowWanted)
        {
            States.Add(fact);
        }

        if (fact.Key.Flow != 0 && fact.Connection != 0)
        {
            Want(fact.Key);
            if (!_flows.TryGetValue(connection, out HashSet<FlowKey>? flows))
            {
                _flows.Add(connection, flows = []);
            }

            flows.Add(fact.Key);
            Dictionary<ulong, ConnectionExtent> extents = _extents[fact.Key];
            if (!extents.TryGetValue(fact.Connection, out ConnectionExtent? extent))
            {
                extents.Add(fact.Connection, extent = new ConnectionExtent(fact.Connection));
            }

            extent.Add(fact);
        }

        if (fact.ClientRandom.Length == 32)
        {
            Randoms.Add((fact.Key, fact.Connection, fact.From ?? fact.Time, fact.ClientRandom));
        }

        return true;
    }
}
