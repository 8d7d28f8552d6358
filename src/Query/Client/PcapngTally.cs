using System.Buffers.Binary;
using ECapture.Pcapng;

namespace ECapture.Query.Client;

/// <summary>Passes a pcapng file of this program (little-endian) on and counts its packets on the way; sees whether it ends between blocks.</summary>
internal sealed class PcapngTally(Stream output) : Stream
{
    private const int HeaderLength = 8;

    private readonly byte[] _header = new byte[HeaderLength];
    private int _headerLength;
    private long _left;

    public long Bytes { get; private set; }

    public long Packets { get; private set; }

    public bool IsWhole => _left == 0 && _headerLength == 0;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => Bytes;

    public override long Position
    {
        get => Bytes;
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Count(buffer.Span);
        await output.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => output.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Count(ReadOnlySpan<byte> bytes)
    {
        Bytes += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_left > 0)
            {
                int skip = (int)Math.Min(_left, bytes.Length);
                _left -= skip;
                bytes = bytes[skip..];
                continue;
            }

            int take = Math.Min(HeaderLength - _headerLength, bytes.Length);
            bytes[..take].CopyTo(_header.AsSpan(_headerLength));
            _headerLength += take;
            bytes = bytes[take..];
            if (_headerLength == HeaderLength)
            {
                _headerLength = 0;
                _left = Math.Max(0, (long)BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(4)) - HeaderLength);
                Packets += BinaryPrimitives.ReadUInt32LittleEndian(_header) == (uint)BlockType.EnhancedPacket ? 1 : 0;
            }
        }
    }
}
