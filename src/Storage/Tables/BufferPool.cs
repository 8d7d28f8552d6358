namespace ECapture.Storage.Tables;

/// <summary>
/// Pieces of memory that many buffers share, so that a table that is quiet holds none and what is held can be limited. A piece that comes back
/// is given out again; <see cref="Trim"/> gives up those that nobody asked for. For any number of threads.
/// </summary>
public sealed class BufferPool
{
    /// <summary>Bytes of a piece.</summary>
    public const int PieceBytes = 64 << 10;

    private readonly Lock _gate = new();
    private readonly Stack<byte[]> _spare = [];
    private readonly bool _keeps;
    private long _rented;
    private int _leastSpare;

    /// <summary>Creates an empty pool.</summary>
    public BufferPool()
        : this(keeps: true)
    {
    }

    private BufferPool(bool keeps) => _keeps = keeps;

    /// <summary>A pool that keeps nothing: for buffers that are used once.</summary>
    public static BufferPool None { get; } = new(keeps: false);

    /// <summary>Bytes of the pieces that are given out.</summary>
    public long RentedBytes => Interlocked.Read(ref _rented);

    /// <summary>Bytes of the pieces that wait for being asked for.</summary>
    public long SpareBytes
    {
        get
        {
            lock (_gate)
            {
                return (long)_spare.Count * PieceBytes;
            }
        }
    }

    /// <summary>A piece; what it holds is anything.</summary>
    public byte[] Rent()
    {
        lock (_gate)
        {
            _rented += PieceBytes;
            if (_spare.TryPop(out byte[]? piece))
            {
                _leastSpare = Math.Min(_leastSpare, _spare.Count);
                return piece;
            }
        }

        // Pinned: it is never moved, and not cleared, which would touch memory that is not needed yet.
        return GC.AllocateUninitializedArray<byte>(PieceBytes, pinned: true);
    }

    /// <summary>Takes a piece back.</summary>
    /// <param name="piece">From <see cref="Rent"/>; not used any more.</param>
    public void Return(byte[] piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        lock (_gate)
        {
            _rented -= PieceBytes;
            if (_keeps)
            {
                _spare.Push(piece);
            }
        }
    }

    /// <summary>Gives up the pieces that were spare ever since the last call.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            for (int i = 0; i < _leastSpare; i++)
            {
                _spare.Pop();
            }

            _leastSpare = _spare.Count;
        }
    }
}
