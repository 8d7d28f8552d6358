using Google.Protobuf;

namespace ECapture.Terminal.Delivery;

/// <summary>Puts the length of each record in front of it as a varint, as protobuf's tools read and write messages in streams.</summary>
internal sealed class LengthPrefixed(IRecordTarget target) : IRecordTarget
{
    private byte[] _buffer = new byte[64 * 1024];

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> record)
    {
        int head = CodedOutputStream.ComputeLengthSize(record.Length);
        if (_buffer.Length < head + record.Length)
        {
            _buffer = new byte[Math.Max(head + record.Length, _buffer.Length * 2)];
        }

        uint rest = (uint)record.Length;
        int at = 0;
        while (rest >= 0x80)
        {
            _buffer[at++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        _buffer[at++] = (byte)rest;
        record.CopyTo(_buffer.AsSpan(at));
        target.Write(_buffer.AsSpan(0, at + record.Length));
    }

    /// <inheritdoc/>
    public void Tick() => target.Tick();

    /// <inheritdoc/>
    public void Complete() => target.Complete();

    /// <inheritdoc/>
    public void Dispose() => target.Dispose();
}
