namespace ECapture.Protocols.MySql;

/// <summary>Takes a packet: the number of its first part, its first bytes (all, up to the limit), its true length.</summary>
internal delegate void PacketHandler(byte number, ReadOnlySpan<byte> payload, long length);

/// <summary>
/// Cuts a direction into packets (three bytes of length, one of number). Parts of 16 MiB - 1 and the one that follows are one packet. Keeps at
/// most a limit of a packet's bytes.
/// </summary>
internal sealed class PacketReader(int limit, PacketHandler handler)
{
    private const int HeaderBytes = 4;
    private const int FullPart = 0xffffff;
    private const int WorthKeeping = 64 * 1024;

    private readonly byte[] _header = new byte[HeaderBytes];
    private byte[] _kept = [];
    private int _headerLength;
    private int _keptLength;
    private int _part;      // length of the part that is being read
    private int _left;      // of it
    private long _length;   // of the packet so far
    private byte _number;
    private bool _isContinued;

    /// <summary>Between two packets.</summary>
    internal bool IsAtBoundary => _headerLength == 0 && !_isContinued;

    /// <summary>Forgets what was begun: the next byte begins a packet.</summary>
    internal void Restart()
    {
        _headerLength = 0;
        _left = 0;
        _isContinued = false;
        Forget();
    }

    /// <summary>Reads bytes; the handler must not call back.</summary>
    internal void Read(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (_headerLength < HeaderBytes)
            {
                int take = Math.Min(HeaderBytes - _headerLength, data.Length);
                data[..take].CopyTo(_header.AsSpan(_headerLength));
                _headerLength += take;
                data = data[take..];
                if (_headerLength < HeaderBytes)
                {
                    return;
                }

                Begin();
                if (_part > 0)
                {
                    continue;
                }
            }

            int here = Math.Min(_left, data.Length);
            if (here == _part && !_isContinued && _part < FullPart)
            {
                ReadOnlySpan<byte> whole = data[..here];
                data = data[here..];
                _headerLength = 0;
                _left = 0;
                handler(_number, whole[..Math.Min(whole.Length, limit)], whole.Length);
                continue;
            }

            Keep(data[..here]);
            data = data[here..];
            _left -= here;
            _length += here;
            if (_left == 0)
            {
                EndPart();
            }
        }
    }

    private void Begin()
    {
        _part = _header[0] | (_header[1] << 8) | (_header[2] << 16);
        _left = _part;
        if (!_isContinued)
        {
            _number = _header[3];
            _length = 0;
            _keptLength = 0;
        }

        if (_part == 0)
        {
            EndPart();
        }
    }

    private void EndPart()
    {
        _headerLength = 0;
        _isContinued = _part == FullPart;
        if (!_isContinued)
        {
            handler(_number, _kept.AsSpan(0, _keptLength), _length);
            Forget();
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, limit - _keptLength)];
        if (_kept.Length < _keptLength + bytes.Length)
        {
            Array.Resize(ref _kept, Math.Min(limit, Math.Max(256, Math.Max(_kept.Length * 2, _keptLength + bytes.Length))));
        }

        bytes.CopyTo(_kept.AsSpan(_keptLength));
        _keptLength += bytes.Length;
    }

    private void Forget()
    {
        _keptLength = 0;
        if (_kept.Length > WorthKeeping)
        {
            _kept = [];
        }
    }
}
