using System.Buffers;
using ECapture.Events.V1;
using ECapture.Policies.Redaction;

namespace ECapture.Capture.Publishing;

/// <summary>A piece of plaintext that waits until it is known what follows it.</summary>
internal readonly record struct HeldPiece(EventHeader Header, Direction Direction, string Library, ulong Offset, int Length);

/// <summary>
/// One direction of a connection whose end is open: it may be the beginning of something that is to be redacted. Holds the pieces that wait, and their bytes.
/// </summary>
internal sealed class HeldStream : IDisposable
{
    private byte[] _window = ArrayPool<byte>.Shared.Rent(4096);
    private RedactedRange[] _settled = [];
    private int _settledCount;

    /// <summary>Pieces that were not published yet; they end where the window ends.</summary>
    internal Queue<HeldPiece> Pieces { get; } = [];

    /// <summary>What was published but is still needed to judge what follows, then the bytes of the pieces.</summary>
    internal ReadOnlySpan<byte> Window => _window.AsSpan(0, Length);

    /// <summary>Bytes in the window.</summary>
    internal int Length { get; private set; }

    /// <summary>Bytes that the window takes.</summary>
    internal int Capacity => _window.Length;

    /// <summary>Where in the window the first piece begins.</summary>
    internal int PiecesAt { get; private set; }

    /// <summary>What is to be overwritten in the window whatever comes.</summary>
    internal ReadOnlySpan<RedactedRange> Settled => _settled.AsSpan(0, _settledCount);

    /// <summary>Offset in the connection of what comes next.</summary>
    internal ulong Next { get; private set; }

    /// <summary>CLOCK_BOOTTIME when something was added last, nanoseconds.</summary>
    internal ulong At { get; private set; }

    /// <summary>Adds a piece.</summary>
    internal void Add(HeldPiece piece, ReadOnlySpan<byte> data, ulong now)
    {
        if (_window.Length < Length + data.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_window.Length * 2, Length + data.Length));
            Window.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_window, clearArray: true);
            _window = larger;
        }

        data.CopyTo(_window.AsSpan(Length));
        Length += data.Length;
        Pieces.Enqueue(piece);
        Next = piece.Offset + (ulong)data.Length;
        At = now;
    }

    /// <summary>Takes the first piece.</summary>
    internal HeldPiece Take(out int at)
    {
        HeldPiece piece = Pieces.Dequeue();
        at = PiecesAt;
        PiecesAt += piece.Length;
        return piece;
    }

    /// <summary>Remembers what is settled, in indices of the window.</summary>
    internal void Settle(ReadOnlySpan<RedactedRange> settled)
    {
        if (_settled.Length < settled.Length)
        {
            _settled = new RedactedRange[settled.Length * 2];
        }

        settled.CopyTo(_settled);
        _settledCount = settled.Length;
    }

    /// <summary>Forgets the window's beginning.</summary>
    internal void Drop(int bytes)
    {
        Window[bytes..].CopyTo(_window);
        Length -= bytes;
        PiecesAt -= bytes;
        int kept = 0;
        foreach (RedactedRange range in Settled)
        {
            if (range.End > bytes)
            {
                _settled[kept++] = new RedactedRange(range.Start - bytes, range.End - bytes, range.Rules);
            }
        }

        _settledCount = kept;
    }

    /// <summary>
    /// When no piece waits: keeps of what is open only its beginning and its end. A value that goes on is found by the former, what may begin at the end by the
    /// latter; what lay between changes neither.
    /// </summary>
    internal void Shorten(int open, int most)
    {
        Drop(open);
        if (Length > 2 * most)
        {
            Window[^most..].CopyTo(_window.AsSpan(most));
            Length = 2 * most;
        }

        PiecesAt = Length;
        _settledCount = 0; // what is there was published
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_window, clearArray: true);
}
