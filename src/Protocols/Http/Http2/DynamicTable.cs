namespace ECapture.Protocols.Http.Http2;

/// <summary>
/// The dynamic table of one direction (RFC 7541 section 2.3.2), newest entry first. It may know only the newest entries of the sender's table: those
/// before the capture began, in a gap, or above the memory bound are not here, and since the newest come first the others keep their index.
/// </summary>
internal sealed class DynamicTable(int maxBytes)
{
    private const int Overhead = 32;
    private Entry[] _ring = new Entry[16];
    private int _newest;
    private int _size;
    private int _limit = Math.Min(4096, maxBytes);

    public int Count { get; private set; }

    /// <summary>Whether the sender's table may hold entries that are not here.</summary>
    public bool IsPartial { get; private set; }

    /// <summary>Bytes by the measure of RFC 7541 section 4.1; names that are unknown count as empty.</summary>
    public int Size => _size;

    public void SetLimit(long limit)
    {
        if (limit > maxBytes)
        {
            IsPartial = true; // from now on entries may leave here earlier than there
        }

        _limit = (int)Math.Min(limit, maxBytes);
        if (limit == 0)
        {
            IsPartial = false; // both tables are empty
        }

        Evict(0);
    }

    /// <summary>All entries so far are unknown: an unknown number was added.</summary>
    public void Lose()
    {
        Clear();
        IsPartial = true;
    }

    /// <param name="index">0 is the newest.</param>
    /// <param name="entry">The entry.</param>
    public bool TryGet(int index, out Entry entry)
    {
        entry = default;
        if (index >= Count)
        {
            return false;
        }

        entry = _ring[(_newest + index) & (_ring.Length - 1)];
        return true;
    }

    public void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, HttpHeaderFlags flags)
    {
        int size = name.Length + value.Length + Overhead;
        if (size > _limit)
        {
            Clear(); // section 4.4: an entry larger than the table empties it
            return;
        }

        var text = new byte[name.Length + value.Length];
        name.CopyTo(text);
        value.CopyTo(text.AsSpan(name.Length));
        Evict(size);
        if (Count == _ring.Length)
        {
            Grow();
        }

        _newest = (_newest - 1) & (_ring.Length - 1);
        _ring[_newest] = new Entry(text, name.Length, flags);
        Count++;
        _size += size;
    }

    private void Clear()
    {
        Array.Clear(_ring);
        Count = 0;
        _size = 0;
    }

    private void Evict(int room)
    {
        while (Count > 0 && _size + room > _limit)
        {
            int oldest = (_newest + Count - 1) & (_ring.Length - 1);
            _size -= _ring[oldest].Text.Length + Overhead;
            _ring[oldest] = default;
            Count--;
        }
    }

    private void Grow()
    {
        var ring = new Entry[_ring.Length * 2];
        for (int i = 0; i < Count; i++)
        {
            ring[i] = _ring[(_newest + i) & (_ring.Length - 1)];
        }

        _ring = ring;
        _newest = 0;
    }

    internal readonly record struct Entry(byte[] Text, int NameLength, HttpHeaderFlags Flags)
    {
        public ReadOnlySpan<byte> Name => Text.AsSpan(0, NameLength);

        public ReadOnlySpan<byte> Value => Text.AsSpan(NameLength);
    }
}
