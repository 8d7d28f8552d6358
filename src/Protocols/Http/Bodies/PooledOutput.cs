using System.Buffers;

namespace ECapture.Protocols.Http;

/// <summary>Where a decoder writes before the length of its output is known: pooled memory, copied once at the end.</summary>
internal sealed class PooledOutput(int first) : IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(first);

    public int Length { get; private set; }

    /// <summary>Room for at least one byte and at most <paramref name="max"/>, which is above 0.</summary>
    public Span<byte> Room(int max)
    {
        if (Length == _bytes.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_bytes.Length * 2);
            _bytes.AsSpan().CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        return _bytes.AsSpan(Length, Math.Min(max, _bytes.Length - Length));
    }

    public void Advance(int count) => Length += count;

    /// <summary>What was written, at most the first <paramref name="max"/> bytes.</summary>
    public byte[] ToArray(int max) => _bytes.AsSpan(0, Math.Min(max, Length)).ToArray();

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }
}
