using System.Buffers.Binary;

namespace ECapture.Protocols.Postgres;

/// <summary>Receives the messages of one direction.</summary>
internal interface IMessageReceiver
{
    /// <summary>Says how many bytes of a body to keep; the others are skipped without being stored.</summary>
    int BytesToKeep(byte type, int length);

    /// <summary>A whole message.</summary>
    /// <param name="type">Its type byte; 0 for the untyped messages that begin a session.</param>
    /// <param name="body">What was kept of its body.</param>
    /// <param name="length">Bytes of the whole body.</param>
    void OnMessage(byte type, ReadOnlySpan<byte> body, int length);
}

/// <summary>
/// Cuts one direction of a session into messages (PostgreSQL, "Frontend/Backend Protocol", "Message Formats": type byte,
/// Int32 length that counts itself, body). Memory grows with bytes received, never with a length that was only announced.
/// </summary>
internal sealed class MessageReader(IMessageReceiver receiver, Func<byte, int, bool> isPlausible)
{
    private readonly byte[] _header = new byte[5];
    private int _headerLength;
    private byte[] _body = [];
    private int _kept;
    private int _toKeep;
    private int _bodyLength;
    private long _remaining;
    private bool _inBody;
    private byte _type;

    /// <summary>Messages have no type byte yet (startup).</summary>
    internal bool IsUntyped { get; set; }

    /// <summary>The place in the stream is not known: bytes are ignored until <see cref="Restart"/>.</summary>
    internal bool IsLost { get; private set; }

    /// <summary>Between two messages.</summary>
    internal bool IsAtBoundary => !IsLost && !_inBody && _headerLength == 0;

    /// <summary>Coming bytes that nobody wants: the rest of a body of which enough was kept.</summary>
    internal long Unwanted => !IsLost && _inBody && _kept >= _toKeep ? _remaining : 0;

    /// <summary>Type of the message whose body is being read.</summary>
    internal byte Type => _type;

    /// <summary>Forgets the place in the stream.</summary>
    internal void Lose()
    {
        Restart();
        IsLost = true;
    }

    /// <summary>The next byte begins a message.</summary>
    internal void Restart()
    {
        IsLost = false;
        _headerLength = 0;
        _inBody = false;
        _kept = 0;
        if (_body.Length > 64 * 1024)
        {
            _body = [];
        }
    }

    /// <summary>Passes over bytes that were not received.</summary>
    /// <returns>False when they hold more than the rest of a body: the place is lost.</returns>
    internal bool TrySkip(ulong bytes)
    {
        if (IsLost || !_inBody || bytes > (ulong)_remaining)
        {
            return false;
        }

        _toKeep = _kept; // what follows the hole is not what the message says there
        _remaining -= (long)bytes;
        if (_remaining == 0)
        {
            Finish(_body.AsSpan(0, _kept));
        }

        return true;
    }

    /// <summary>Takes the next bytes.</summary>
    /// <returns>False when they are no messages: the place is lost.</returns>
    internal bool Read(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0 && !IsLost)
        {
            if (!_inBody)
            {
                data = ReadHeader(data);
                if (_inBody && _remaining == 0)
                {
                    Finish([]);
                }

                continue;
            }

            int count = (int)Math.Min(data.Length, _remaining);
            if (_kept == 0 && count == _remaining)
            {
                _remaining = 0;
                Finish(data[..Math.Min(count, _toKeep)]);
            }
            else
            {
                Keep(data[..count]);
                _remaining -= count;
                if (_remaining == 0)
                {
                    Finish(_body.AsSpan(0, _kept));
                }
            }

            data = data[count..];
        }

        return !IsLost;
    }

    private ReadOnlySpan<byte> ReadHeader(ReadOnlySpan<byte> data)
    {
        int size = IsUntyped ? 4 : 5;
        int count = Math.Min(size - _headerLength, data.Length);
        data[..count].CopyTo(_header.AsSpan(_headerLength));
        _headerLength += count;
        if (_headerLength < size)
        {
            return [];
        }

        _type = IsUntyped ? (byte)0 : _header[0];
        int length = BinaryPrimitives.ReadInt32BigEndian(_header.AsSpan(size - 4)) - 4;
        _headerLength = 0;
        if (!isPlausible(_type, length))
        {
            Lose();
            return [];
        }

        _inBody = true;
        _bodyLength = length;
        _remaining = length;
        _kept = 0;
        _toKeep = Math.Min(length, receiver.BytesToKeep(_type, length));
        return data[count..];
    }

    private void Keep(ReadOnlySpan<byte> data)
    {
        int count = Math.Min(data.Length, _toKeep - _kept);
        if (count <= 0)
        {
            return;
        }

        if (_body.Length < _kept + count)
        {
            Array.Resize(ref _body, Math.Min(_toKeep, Math.Max(_kept + count, Math.Max(_body.Length * 2, 1024))));
        }

        data[..count].CopyTo(_body.AsSpan(_kept));
        _kept += count;
    }

    private void Finish(ReadOnlySpan<byte> body)
    {
        _inBody = false;
        receiver.OnMessage(_type, body, _bodyLength);
        if (!_inBody && _body.Length > 64 * 1024)
        {
            _body = [];
        }
    }
}
