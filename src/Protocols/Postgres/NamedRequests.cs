using System.Diagnostics.CodeAnalysis;

namespace ECapture.Protocols.Postgres;

/// <summary>Prepared statements or portals by name; bounded in number and bytes, the oldest make room.</summary>
internal sealed class NamedRequests(int limit, int memory)
{
    private readonly Dictionary<string, LinkedListNode<(string Name, Request Request)>> _byName = [];
    private readonly LinkedList<(string Name, Request Request)> _byAge = [];
    private long _size;

    internal bool TryGet(string name, [NotNullWhen(true)] out Request? request)
    {
        request = _byName.TryGetValue(name, out LinkedListNode<(string Name, Request Request)>? node) ? node.Value.Request : null;
        return request is not null;
    }

    internal void Set(string name, Request request)
    {
        Remove(name);
        _byName[name] = _byAge.AddLast((name, request));
        _size += request.Size;
        while (_byAge.First is { } oldest && (_byName.Count > limit || (_size > memory && _byName.Count > 1)))
        {
            Remove(oldest.Value.Name);
        }
    }

    internal void Remove(string name)
    {
        if (_byName.Remove(name, out LinkedListNode<(string Name, Request Request)>? node))
        {
            _size -= node.Value.Request.Size;
            _byAge.Remove(node);
        }
    }
}
