namespace ECapture.Protocols.Http.Http2;

/// <summary>Keeps bytes up to a bound.</summary>
internal sealed class GrowingBuffer(int max)
{
    private byte[] _bytes = [];
    private int _length;

    public bool IsCut { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public void Add(ReadOnlySpan<byte> bytes)
    {
        int more = Math.Min(bytes.Length, max - _length);
        IsCut |= more < bytes.Length;
        if (_length + more > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(max, Math.Max(Math.Max(256, _bytes.Length * 2L), _length + more)));
        }

        bytes[..more].CopyTo(_bytes.AsSpan(_length));
        _length += more;
    }

    public void Clear()
    {
        _length = 0;
        IsCut = false;
        if (_bytes.Length > 64 * 1024)
        {
            _bytes = [];
        }
    }
}
