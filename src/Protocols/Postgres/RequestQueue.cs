namespace ECapture.Protocols.Postgres;

/// <summary>The requests that wait for their answers, in order; bounded in number and bytes.</summary>
internal sealed class RequestQueue(PostgresLimits limits)
{
    private readonly LinkedList<Request> _requests = [];
    private long _size;
    private bool _skipsUntilSync;

    /// <summary>There is room for the bytes of another request; without it requests are kept without text.</summary>
    internal bool HasMemory => _size < limits.Memory;

    internal bool IsFull => _requests.Count >= limits.Pending;

    internal LinkedListNode<Request>? First => _requests.First;

    internal void Add(Request request)
    {
        // After an error the server reads on to the next Sync without answering ("Extended Query").
        if (_skipsUntilSync)
        {
            if (request.Kind != RequestKind.Sync)
            {
                return;
            }

            _skipsUntilSync = false;
        }

        _requests.AddLast(request);
        _size += request.Size;
    }

    internal void Remove(LinkedListNode<Request> node)
    {
        _size -= node.Value.Size;
        _requests.Remove(node);
    }

    /// <summary>Drops what the server will not answer after an error: everything up to the next Sync.</summary>
    internal void SkipToSync()
    {
        while (First is { } first)
        {
            if (first.Value.Kind == RequestKind.Sync)
            {
                return;
            }

            Remove(first);
        }

        _skipsUntilSync = true;
    }

    /// <summary>The server waits for requests again.</summary>
    internal void StopSkipping() => _skipsUntilSync = false;

    /// <summary>A COPY from the client reads and ignores the Syncs that came before its end ("COPY Operations").</summary>
    internal void DropSyncsBeforeCopyEnd(LinkedListNode<Request> from)
    {
        LinkedListNode<Request>? end = from.Next;
        while (end is not null && end.Value.Kind is RequestKind.Sync or RequestKind.DescribePortal)
        {
            end = end.Next;
        }

        if (end?.Value.Kind != RequestKind.CopyEnd)
        {
            return;
        }

        while (from.Next is { } next && next != end)
        {
            Remove(next);
        }

        Remove(end);
    }
}
