using System.IO.Compression;

namespace ECapture.Protocols.Http.WebSocket;

/// <summary>
/// Inflates the messages of one direction (RFC 7692 section 7.2.2). Where the sender keeps its window across messages, one message that was not inflated to its
/// end makes all later ones unreadable: they are reported as they are.
/// </summary>
internal sealed class MessageInflater(bool keepsContext, int max) : IDisposable
{
    private const int Chunk = 8 * 1024;
    private static readonly byte[] s_tail = [0, 0, 0xff, 0xff];

    private Source? _source;
    private DeflateStream? _inflater;
    private bool _lost;

    /// <summary>A message went by that was not read whole.</summary>
    public void Lose() => _lost = keepsContext;

    /// <returns>False when the bytes are not a deflated message, or the window is lost.</returns>
    public bool TryInflate(ReadOnlyMemory<byte> payload, out byte[] message, out bool isCut)
    {
        isCut = false;
        message = [];
        if (_lost)
        {
            return false;
        }

        _source ??= new Source();
        _inflater ??= new DeflateStream(_source, CompressionMode.Decompress);
        _source.Set(payload, s_tail);
        using var buffer = new PooledOutput(Chunk);
        bool ok = true;
        try
        {
            int read;
            do
            {
                read = _inflater.Read(buffer.Room(max - buffer.Length + 1));
                buffer.Advance(read);
            }
            while (read > 0 && buffer.Length <= max);
        }
        catch (InvalidDataException)
        {
            ok = false;
        }

        isCut = buffer.Length > max;
        message = buffer.ToArray(max);
        if (!ok || isCut)
        {
            Lose();
        }

        if (!keepsContext || _lost)
        {
            Dispose();
        }

        return ok;
    }

    public void Dispose()
    {
        _inflater?.Dispose();
        _source?.Dispose();
        _inflater = null;
        _source = null;
    }

    /// <summary>A stream that ends at the end of each message and goes on with the next one.</summary>
    private sealed class Source : Stream
    {
        private ReadOnlyMemory<byte> _bytes;
        private ReadOnlyMemory<byte> _next;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Set(ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> next)
        {
            _bytes = bytes;
            _next = next;
        }

        public override int Read(Span<byte> buffer)
        {
            if (_bytes.IsEmpty)
            {
                (_bytes, _next) = (_next, default);
            }

            int count = Math.Min(buffer.Length, _bytes.Length);
            _bytes.Span[..count].CopyTo(buffer);
            _bytes = _bytes[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
            // Nothing is written.
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
