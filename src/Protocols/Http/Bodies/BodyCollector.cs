namespace ECapture.Protocols.Http;

/// <summary>Keeps the first bytes of a body within the limits and counts the rest.</summary>
internal sealed class BodyCollector(HttpLimits limits, MemoryBudget budget)
{
    private byte[] _bytes = [];
    private int _kept;
    private bool _closed;

    public long Length { get; private set; }

    public bool HasGap { get; private set; }

    public bool IsCut { get; private set; }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (_closed)
        {
            IsCut |= !HasGap && !bytes.IsEmpty;
            return;
        }

        int room = Math.Min(bytes.Length, limits.MaxBodyBytes - _kept);
        if (room < bytes.Length)
        {
            IsCut = true;
            _closed = true;
        }

        if (room > 0 && Reserve(_kept + room))
        {
            bytes[..room].CopyTo(_bytes.AsSpan(_kept));
            _kept += room;
        }
    }

    /// <summary>Bytes that were not captured: what follows them is only counted, so that what is kept is a true beginning.</summary>
    public void Gap(long length)
    {
        Length += length;
        HasGap = true;
        _closed = true;
    }

    /// <summary>Moves the body to its message, still coded, and is empty again. The charge moves along.</summary>
    public void MoveTo(HttpMessage message)
    {
        if (message.IsDelivered)
        {
            budget.Return(_bytes.Length);
            Clear();
            return;
        }

        message.Charged += _bytes.Length;
        message.Problems |= (IsCut ? HttpProblems.BodyCut : 0) | (HasGap ? HttpProblems.Gap : 0);
        if (Length > 0)
        {
            ReadOnlyMemory<byte> raw = _bytes.AsMemory(0, _kept);
            message.Body = new HttpBody { Raw = raw, RawLength = Length, Content = raw, State = HttpBodyState.Identity, IsCut = IsCut || HasGap };
        }

        Clear();
    }

    private void Clear()
    {
        _bytes = [];
        _kept = 0;
        _closed = false;
        Length = 0;
        HasGap = false;
        IsCut = false;
    }

    private bool Reserve(int size)
    {
        if (size <= _bytes.Length)
        {
            return true;
        }

        int target = (int)Math.Min(Math.Max(Math.Max(256L, _bytes.Length * 2L), size), Math.Max(size, limits.MaxBodyBytes));
        if (!budget.TryTake(target - _bytes.Length))
        {
            IsCut = true;
            _closed = true;
            return false;
        }

        Array.Resize(ref _bytes, target);
        return true;
    }
}
