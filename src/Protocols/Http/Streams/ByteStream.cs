namespace ECapture.Protocols.Http.Streams;

/// <summary>
/// One direction of a connection as it was captured: pieces with offsets, in the order of the log. A piece that starts later than the last one ended makes
/// a gap; what was seen before is dropped (a piece repeated by a replay). Nothing is kept: a piece that comes after its gap was declared is a repetition.
/// </summary>
public sealed class ByteStream(IByteStreamSink sink)
{
    /// <summary>The offset that comes next.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes that were declared or found missing.</summary>
    public long MissingBytes { get; private set; }

    /// <summary>Bytes that were fed but lie before <see cref="Position"/>.</summary>
    public long RepeatedBytes { get; private set; }

    /// <summary>Whether <see cref="End"/> was called.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Feeds a piece.</summary>
    /// <param name="offset">Of its first byte in the direction, from 0; a hostile offset below 0 counts as 0.</param>
    /// <param name="bytes">The piece; may be empty.</param>
    /// <param name="ns">When it was captured.</param>
    public void Feed(long offset, ReadOnlySpan<byte> bytes, long ns)
    {
        if (IsEnded || bytes.IsEmpty)
        {
            return;
        }

        // Offsets near the end of the number range are as hostile as those below its start; positions must not overflow.
        offset = Math.Clamp(offset, 0, long.MaxValue / 2);
        if (offset > Position)
        {
            Gap(offset - Position, ns);
        }
        else if (offset < Position)
        {
            int repeated = (int)Math.Min(Position - offset, bytes.Length);
            RepeatedBytes += repeated;
            bytes = bytes[repeated..];
            if (bytes.IsEmpty)
            {
                return;
            }
        }

        long at = Position;
        Position += bytes.Length;
        sink.OnBytes(at, bytes, ns);
    }

    /// <summary>Feeds a piece right behind the last one.</summary>
    public void Append(ReadOnlySpan<byte> bytes, long ns) => Feed(Position, bytes, ns);

    /// <summary>Declares that the next bytes were not captured.</summary>
    /// <param name="length">How many; not above 0 is no gap.</param>
    /// <param name="ns">When that was noticed.</param>
    public void Gap(long length, long ns)
    {
        length = Math.Min(length, long.MaxValue / 2 - Math.Min(Position, long.MaxValue / 2));
        if (IsEnded || length <= 0)
        {
            return;
        }

        long at = Position;
        Position += length;
        MissingBytes += length;
        sink.OnGap(at, length, ns);
    }

    /// <summary>Declares the end of the direction.</summary>
    public void End(long ns)
    {
        if (!IsEnded)
        {
            IsEnded = true;
            sink.OnEnd(ns);
        }
    }
}
