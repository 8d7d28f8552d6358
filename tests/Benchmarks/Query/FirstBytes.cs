using System.Buffers.Binary;
using System.Diagnostics;
using ECapture.Pcapng;

namespace ECapture.Benchmarks.Query;

/// <summary>A file; notes when the first Enhanced Packet Block reached it.</summary>
internal sealed class FirstBytes(FileStream file, Stopwatch watch) : Stream
{
    private long _block; // where the next block begins
    private long _length;

    public TimeSpan FirstPacket { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await file.WriteAsync(buffer, cancellationToken);
        Look(buffer.Span);
        _length += buffer.Length;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => file.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => file.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await file.DisposeAsync();
        await base.DisposeAsync();
    }

    // The writer hands over whole blocks; copied secrets may be cut anywhere.
    private void Look(ReadOnlySpan<byte> bytes)
    {
        while (FirstPacket == TimeSpan.Zero && _block >= _length && _block + 8 <= _length + bytes.Length)
        {
            ReadOnlySpan<byte> block = bytes[(int)(_block - _length)..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(block) == (uint)BlockType.EnhancedPacket)
            {
                FirstPacket = watch.Elapsed;
                return;
            }

            _block += BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        }
    }
}
