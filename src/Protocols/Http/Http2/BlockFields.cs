namespace ECapture.Protocols.Http.Http2;

/// <summary>Takes the fields of one block and keeps the pseudo-header fields (RFC 9113 section 8.3) apart.</summary>
internal sealed class BlockFields(HttpLimits limits, MemoryBudget budget) : IHeaderSink
{
    private const int MaxPseudo = 32 * 1024;

    private readonly HttpHeadersBuilder _headers = new(limits, budget);

    public byte[]? Method { get; private set; }

    public byte[]? Path { get; private set; }

    public byte[]? Scheme { get; private set; }

    public byte[]? Authority { get; private set; }

    public byte[]? Protocol { get; private set; }

    public int Status { get; private set; }

    public HttpProblems Problems { get; private set; }

    public bool IsRequest => Method is not null || Path is not null || Scheme is not null || Authority is not null;

    public bool IsResponse => Status != 0;

    public void Clear()
    {
        _headers.Clear();
        Method = Path = Scheme = Authority = Protocol = null;
        Status = 0;
        Problems = HttpProblems.None;
    }

    public HttpHeaders Build(out int charged)
    {
        HttpHeaders built = _headers.Build(out charged);
        Problems |= _headers.IsCut ? HttpProblems.HeadersCut : 0;
        return built;
    }

    public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, HttpHeaderFlags flags)
    {
        bool unknown = (flags & (HttpHeaderFlags.NameUnknown | HttpHeaderFlags.ValueUnknown)) != 0;
        Problems |= unknown ? HttpProblems.HeadersUnknown : 0;
        if (unknown || name.IsEmpty || name[0] != ':')
        {
            Problems |= unknown || HttpSyntax.IsToken(name) ? 0 : HttpProblems.Malformed;
            _headers.OnHeader(name, value, flags);
            return;
        }

        switch (name)
        {
            case var _ when name.SequenceEqual(":method"u8):
                Method ??= Keep(value);
                break;
            case var _ when name.SequenceEqual(":path"u8):
                Path ??= Keep(value);
                break;
            case var _ when name.SequenceEqual(":scheme"u8):
                Scheme ??= Keep(value);
                break;
            case var _ when name.SequenceEqual(":authority"u8):
                Authority ??= Keep(value);
                break;
            case var _ when name.SequenceEqual(":protocol"u8):
                Protocol ??= Keep(value);
                break;
            case var _ when name.SequenceEqual(":status"u8):
                bool good = value.Length == 3 && HttpSyntax.TryParseLength(value, out long status) && (Status = (int)status) >= 100;
                Problems |= good ? 0 : HttpProblems.Malformed;
                break;
            default:
                Problems |= HttpProblems.Malformed;
                _headers.OnHeader(name, value, flags | HttpHeaderFlags.Malformed);
                break;
        }
    }

    private byte[] Keep(ReadOnlySpan<byte> value)
    {
        Problems |= value.Length > MaxPseudo ? HttpProblems.HeadersCut : 0;
        return value[..Math.Min(value.Length, MaxPseudo)].ToArray();
    }
}
