using System.Buffers;
using System.IO.Compression;
using System.Runtime.InteropServices;

namespace ECapture.Protocols.Http;

/// <summary>
/// Undoes content codings (RFC 9110 section 8.4.1): gzip (RFC 1952), deflate (RFC 1950, and RFC 1951 as some servers send it) and br (RFC 7932).
/// What comes out is bounded by <see cref="HttpLimits.MaxDecodedBytes"/> at every step, whatever the ratio.
/// </summary>
internal static class BodyDecoder
{
    private const int Chunk = 16 * 1024;

    /// <summary>Puts the decoded body into its message. Done when the message is handed over, so that what waits is never inflated.</summary>
    public static void Decode(HttpMessage message, HttpLimits limits)
    {
        HttpBody body = message.Body;
        BodyCodings codings = BodyCodings.Of(message.Headers);
        if (!limits.DecodeBodies || body.Raw.IsEmpty || (codings.Count == 0 && !codings.IsUnsupported))
        {
            return;
        }

        ReadOnlyMemory<byte> content = body.Raw;
        bool cut = body.IsCut;
        HttpBodyState state = codings.IsUnsupported ? HttpBodyState.UnsupportedCoding : HttpBodyState.Decoded;
        for (int i = codings.Count - 1; i >= 0 && state == HttpBodyState.Decoded; i--)
        {
            if (TryUndo(codings[i], content, limits.MaxDecodedBytes, ref cut, out byte[] decoded))
            {
                content = decoded;
            }
            else
            {
                state = HttpBodyState.Undecodable;
            }
        }

        bool done = state == HttpBodyState.Decoded;
        message.Problems |= !done ? HttpProblems.BodyUndecodable : cut && !body.IsCut ? HttpProblems.BodyCut : HttpProblems.None;
        message.Body = new HttpBody
        {
            Raw = body.Raw,
            RawLength = body.RawLength,
            Content = done ? content : body.Raw,
            State = state,
            IsCut = done ? cut : body.IsCut,
        };
    }

    private static bool TryUndo(BodyCodings.Coding coding, ReadOnlyMemory<byte> input, int max, ref bool cut, out byte[] output)
    {
        if (coding == BodyCodings.Coding.Brotli)
        {
            return TryBrotli(input.Span, max, ref cut, out output);
        }

        if (coding == BodyCodings.Coding.Gzip)
        {
            return TryInflate(new GZipStream(Open(input), CompressionMode.Decompress), max, ref cut, out output);
        }

        bool wasCut = cut;
        if (LooksLikeZlib(input.Span)
            && TryInflate(new ZLibStream(Open(input), CompressionMode.Decompress), max, ref cut, out output))
        {
            return true;
        }

        cut = wasCut;
        return TryInflate(new DeflateStream(Open(input), CompressionMode.Decompress), max, ref cut, out output);
    }

    /// <summary>RFC 1950 section 2.2: method 8, header divisible by 31.</summary>
    private static bool LooksLikeZlib(ReadOnlySpan<byte> input) =>
        input.Length >= 2 && (input[0] & 0x0f) == 8 && (input[0] * 256 + input[1]) % 31 == 0;

    private static MemoryStream Open(ReadOnlyMemory<byte> input) =>
        MemoryMarshal.TryGetArray(input, out ArraySegment<byte> segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, false)
            : new MemoryStream(input.ToArray(), false);

    private static bool TryInflate(Stream stream, int max, ref bool cut, out byte[] output)
    {
        using Stream inflater = stream;
        using var buffer = new PooledOutput(Chunk);
        try
        {
            while (buffer.Length <= max)
            {
                int read = inflater.Read(buffer.Room(max - buffer.Length + 1));
                if (read == 0)
                {
                    break;
                }

                buffer.Advance(read);
            }
        }
        catch (InvalidDataException) when (cut && buffer.Length > 0)
        {
            // The end of the input was not captured: what came out before it is right.
        }
        catch (InvalidDataException)
        {
            output = [];
            return false;
        }

        cut |= buffer.Length > max;
        output = buffer.ToArray(max);
        return true;
    }

    private static bool TryBrotli(ReadOnlySpan<byte> input, int max, ref bool cut, out byte[] output)
    {
        using var decoder = new BrotliDecoder();
        using var buffer = new PooledOutput(Chunk);
        OperationStatus status;
        do
        {
            Span<byte> room = buffer.Room(max - buffer.Length + 1);
            status = decoder.Decompress(input, room, out int consumed, out int written);
            input = input[consumed..];
            buffer.Advance(written);
        }
        while (status == OperationStatus.DestinationTooSmall && buffer.Length <= max);

        bool full = buffer.Length > max;
        output = buffer.ToArray(max);
        bool ok = full || status == OperationStatus.Done || (cut && status == OperationStatus.NeedMoreData);
        cut |= full;
        return ok;
    }
}
