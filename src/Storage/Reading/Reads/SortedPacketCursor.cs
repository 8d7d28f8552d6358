using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>
/// Packets of a store whose column keeps microseconds: those of one microsecond are put in the order of their nanoseconds, which stand in the
/// event. As that is read anyway, all else comes out of it, too: few columns are what makes a COPY fast.
/// </summary>
internal sealed class SortedPacketCursor(IRowReader rows) : IPacketCursor
{
    private const int LargestGroup = 4096;

    private readonly List<PacketCopy> _group = [];
    private readonly Stack<PacketCopy> _free = [];
    private readonly LinkTypes _linkTypes = new();
    private PacketCopy? _next;
    private PacketCopy _current = new();
    private int _at;

    public ReadOnlySpan<byte> Host => _current.Host;

    public uint NetworkNamespace => _current.NetworkNamespace;

    public ulong Flow => _current.Flow;

    public long Time => _current.Time;

    public ReadOnlySpan<byte> Interface => _current.Interface;

    public ushort LinkType => _linkTypes.Of(_current);

    public byte Direction => _current.Direction;

    public uint OriginalLength => _current.OriginalLength;

    public uint Pid => _current.Pid;

    public ReadOnlySpan<byte> Process => _current.Process;

    public ushort LocalPort => _current.LocalPort;

    public ReadOnlySpan<byte> Data => _current.Data;

    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        if (_at == _group.Count && !await FillAsync(cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        _current = _group[_at++];
        return true;
    }

    public ValueTask DisposeAsync() => rows.DisposeAsync();

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        foreach (PacketCopy used in _group)
        {
            _free.Push(used);
        }

        _group.Clear();
        _at = 0;
        if (_next is not null)
        {
            _group.Add(_next);
            _next = null;
        }

        while (_group.Count < LargestGroup && await rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            PacketCopy copy = _free.TryPop(out PacketCopy? free) ? free : new PacketCopy();
            copy.Take(rows, _group.Count);
            if (_group.Count > 0 && copy.Microseconds != _group[0].Microseconds)
            {
                _next = copy;
                break;
            }

            _group.Add(copy);
        }

        if (_group.Count > 1)
        {
            _group.Sort(static (a, b) => a.Time != b.Time ? a.Time.CompareTo(b.Time) : a.Order.CompareTo(b.Order));
        }

        return _group.Count > 0;
    }
}
