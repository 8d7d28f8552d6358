namespace ECapture.Protocols.Http;

/// <summary>Gathers the fields of one section within the limits. Fields that frame the message have a reserve of their own, so that a
/// flood of others cannot push them out.</summary>
internal sealed class HttpHeadersBuilder(HttpLimits limits, MemoryBudget budget) : Http2.IHeaderSink
{
    private const int ReserveFields = 32;
    private const int ReserveBytes = 8 * 1024;
    private const int EntryBytes = 16;

    private readonly List<HttpHeaders.Entry> _entries = [];
    private byte[] _text = new byte[512];
    private int _used;

    /// <summary>Whether something was not kept since <see cref="Clear"/>.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Whether the last line was kept, so that a folded line may be added to it.</summary>
    private bool _lastKept;

    public int Count => _entries.Count;

    public void Clear()
    {
        _entries.Clear();
        _used = 0;
        IsCut = false;
        _lastKept = false;
        if (_text.Length > 64 * 1024)
        {
            _text = new byte[512];
        }
    }

    public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, HttpHeaderFlags flags)
    {
        bool reserve = FramesMessage(name) && value.Length <= 1024;
        int maxFields = limits.MaxHeaders + (reserve ? ReserveFields : 0);
        int maxBytes = limits.MaxHeaderBytes + (reserve ? ReserveBytes : 0);
        int length = name.Length + value.Length;
        _lastKept = _entries.Count < maxFields && _used + length <= maxBytes;
        if (!_lastKept)
        {
            IsCut = true;
            return;
        }

        Ensure(length);
        name.CopyTo(_text.AsSpan(_used));
        value.CopyTo(_text.AsSpan(_used + name.Length));
        _entries.Add(new HttpHeaders.Entry(_used, name.Length, value.Length, flags));
        _used += length;
    }

    /// <summary>Adds a continuation line (obs-fold, RFC 9112 section 5.2) to the last field.</summary>
    /// <returns>False when there is no field before it.</returns>
    public bool Fold(ReadOnlySpan<byte> value)
    {
        if (!_lastKept || _entries.Count == 0)
        {
            return IsCut;
        }

        if (_used + value.Length + 1 > limits.MaxHeaderBytes)
        {
            IsCut = true;
            return true;
        }

        Ensure(value.Length + 1);
        HttpHeaders.Entry last = _entries[^1];
        int added = value.Length;
        if (last.ValueLength > 0 && added > 0)
        {
            _text[_used++] = (byte)' ';
            added++;
        }

        value.CopyTo(_text.AsSpan(_used));
        _used += value.Length;
        _entries[^1] = last with { ValueLength = last.ValueLength + added };
        return true;
    }

    /// <summary>What was gathered; nothing but a cut mark when the connection's memory is used up.</summary>
    /// <param name="charged">Bytes taken from the budget.</param>
    public HttpHeaders Build(out int charged)
    {
        charged = 0;
        if (_entries.Count == 0)
        {
            return HttpHeaders.Empty;
        }

        int cost = _used + _entries.Count * EntryBytes;
        if (!budget.TryTake(cost))
        {
            IsCut = true;
            return HttpHeaders.Empty;
        }

        charged = cost;
        return new HttpHeaders(_text.AsSpan(0, _used).ToArray(), [.. _entries]);
    }

    /// <summary>What was gathered, over the builder's own bytes: valid until the next change, for decisions only.</summary>
    public HttpHeaders Peek() => new(_text, [.. _entries]);

    private static bool FramesMessage(ReadOnlySpan<byte> name) => name.Length switch
    {
        7 => HttpSyntax.EqualsIgnoreCase(name, "upgrade"u8) || HttpSyntax.EqualsIgnoreCase(name, ":method"u8)
            || HttpSyntax.EqualsIgnoreCase(name, ":status"u8),
        10 => HttpSyntax.EqualsIgnoreCase(name, "connection"u8),
        14 => HttpSyntax.EqualsIgnoreCase(name, "content-length"u8),
        16 => HttpSyntax.EqualsIgnoreCase(name, "content-encoding"u8),
        17 => HttpSyntax.EqualsIgnoreCase(name, "transfer-encoding"u8),
        24 => HttpSyntax.EqualsIgnoreCase(name, "sec-websocket-extensions"u8),
        _ => false,
    };

    private void Ensure(int more)
    {
        if (_text.Length - _used < more)
        {
            Array.Resize(ref _text, Math.Max(_text.Length * 2, _used + more));
        }
    }
}
