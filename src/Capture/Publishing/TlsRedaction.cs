using ECapture.Events.V1;
using ECapture.Policies.Redaction;

namespace ECapture.Capture.Publishing;

/// <summary>
/// Redacts the plaintext of one topic's connections. A secret may straddle two pieces of a direction: a piece whose end may be the beginning of one waits for the
/// next, at most <see cref="HoldNs"/>. What waits is bounded, see the constants; beyond, it is judged by what is there.
/// </summary>
/// <param name="redactor">The module's rules.</param>
/// <param name="append">Appends a piece; what the redactor found last is to be overwritten in it.</param>
internal sealed class TlsRedaction(Redactor redactor, TlsRedaction.Append append)
{
    /// <summary>How long a piece waits for the next.</summary>
    internal const ulong HoldNs = 200_000_000;

    private const ulong ForgetNs = 60_000_000_000; // a direction that is open but silent
    private const int MostWindow = 64 * 1024; // of one direction
    private const int MostPieces = 1024; // of one direction
    private const int MostStreams = 4096;
    private const long MostBytes = 16 << 20;
    private const int Context = 256;

    private readonly Dictionary<(ulong Connection, Direction Direction), HeldStream> _streams = [];
    private readonly List<(ulong Connection, Direction Direction)> _gone = [];
    private long _bytes;

    /// <summary>Appends a piece of plaintext.</summary>
    /// <param name="piece">What is known of it.</param>
    /// <param name="data">Its bytes, as they were received.</param>
    /// <param name="at">Where in the redactor's last text it stands.</param>
    internal delegate void Append(in HeldPiece piece, ReadOnlySpan<byte> data, int at);

    /// <summary>Publishes a piece now, or when what follows it is known.</summary>
    internal void Publish(in HeldPiece piece, ReadOnlySpan<byte> data, ulong now)
    {
        (ulong, Direction) key = (piece.Header.Connection, piece.Direction);
        bool isKnown = _streams.TryGetValue(key, out HeldStream? stream);
        if (isKnown && stream!.Next != piece.Offset)
        {
            // Bytes between are missing, or it is another connection: what is there ends here.
            Release(stream);
            Remove(key, stream);
            isKnown = false;
        }

        if (!isKnown)
        {
            int open = redactor.Find(data, TextShape.Lines);
            if (open >= data.Length)
            {
                append(piece, data, 0);
                return;
            }

            stream = Add(key, out bool judgeAgain);
            Take(stream, piece, data, now);
            Settle(key, stream, judgeAgain ? Judge(stream) : open);
            return;
        }

        Take(stream!, piece, data, now);
        Settle(key, stream!, Judge(stream!));
    }

    /// <summary>Publishes what waited long enough.</summary>
    internal void ReleaseOld(ulong now)
    {
        _gone.Clear();
        foreach (((ulong, Direction) key, HeldStream stream) in _streams)
        {
            if (stream.Pieces.Count > 0 && now - stream.At >= HoldNs)
            {
                Release(stream);
            }

            if (stream.Length == 0 || now - stream.At >= ForgetNs)
            {
                _gone.Add(key);
            }
        }

        foreach ((ulong, Direction) key in _gone)
        {
            Remove(key, _streams[key]);
        }
    }

    /// <summary>Publishes all that waits.</summary>
    internal void ReleaseAll()
    {
        foreach (HeldStream stream in _streams.Values)
        {
            Release(stream);
            stream.Dispose();
        }

        _streams.Clear();
        _bytes = 0;
    }

    private void Settle((ulong, Direction) key, HeldStream stream, int open)
    {
        while (stream.Pieces.Count > 0 && stream.PiecesAt + stream.Pieces.Peek().Length <= open)
        {
            AppendFirst(stream);
        }

        if (stream.Pieces.Count == 0 && open >= stream.Length)
        {
            Remove(key, stream);
        }
        else if (stream.Length > MostWindow || stream.Pieces.Count > MostPieces)
        {
            Release(stream, open);
        }
        else
        {
            stream.Settle(redactor.Settled);
            stream.Drop(Math.Min(open, stream.PiecesAt));
        }
    }

    private int Judge(HeldStream stream) => redactor.Find(stream.Window, TextShape.Lines, stream.Settled);

    private void Release(HeldStream stream)
    {
        if (stream.Pieces.Count > 0)
        {
            Release(stream, Judge(stream));
        }
    }

    private void Release(HeldStream stream, int open)
    {
        while (stream.Pieces.Count > 0)
        {
            AppendFirst(stream);
        }

        stream.Shorten(open, Context);
    }

    private void AppendFirst(HeldStream stream)
    {
        HeldPiece piece = stream.Take(out int at);
        append(piece, stream.Window.Slice(at, piece.Length), at);
    }

    private HeldStream Add((ulong, Direction) key, out bool judgeAgain)
    {
        judgeAgain = _streams.Count >= MostStreams || _bytes >= MostBytes;
        if (judgeAgain)
        {
            ReleaseAll(); // what the redactor found last is another stream's now
        }

        HeldStream stream = _streams[key] = new HeldStream();
        _bytes += stream.Capacity;
        return stream;
    }

    private void Take(HeldStream stream, in HeldPiece piece, ReadOnlySpan<byte> data, ulong now)
    {
        int before = stream.Capacity;
        stream.Add(piece, data, now);
        _bytes += stream.Capacity - before;
    }

    private void Remove((ulong, Direction) key, HeldStream stream)
    {
        _streams.Remove(key);
        _bytes -= stream.Capacity;
        stream.Dispose();
    }
}
