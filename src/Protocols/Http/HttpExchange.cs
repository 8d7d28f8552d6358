namespace ECapture.Protocols.Http;

/// <summary>A request and its response. It is handed over once, when both have ended or one of them cannot any more.</summary>
public sealed class HttpExchange
{
    private readonly List<HttpResponse> _interim = [];

    internal HttpExchange(long streamId) => StreamId = streamId;

    /// <summary>The HTTP/2 stream; in HTTP/1 the number of the exchange on its connection, from 1.</summary>
    public long StreamId { get; }

    /// <summary>The request; null when it was not captured.</summary>
    public HttpRequest? Request { get; internal set; }

    /// <summary>The final response; null when it was not captured.</summary>
    public HttpResponse? Response { get; internal set; }

    /// <summary>Interim responses (RFC 9110 section 15.2), the first 8.</summary>
    public IReadOnlyList<HttpResponse> Interim => _interim;

    /// <summary>Whether the server promised it unasked (RFC 9113 section 8.4).</summary>
    public bool IsPushed { get; internal set; }

    /// <summary>What it made of its connection or stream.</summary>
    public HttpUpgrade Upgrade { get; internal set; }

    /// <summary>The error code of RST_STREAM or GOAWAY (RFC 9113 section 7), when there was one.</summary>
    public uint? ErrorCode { get; internal set; }

    /// <summary>What is wrong with the exchange or one of its messages.</summary>
    public HttpProblems Problems { get; internal set; }

    /// <summary>Whether both messages were seen from the first to the last byte and belong together for sure.</summary>
    public bool IsComplete => (Problems & HttpProblems.Incomplete) == 0;

    /// <summary>The status of the response; 0 when it was not captured.</summary>
    public int Status => Response?.Status ?? 0;

    /// <summary>When the first byte of the request was captured (of the response, when there is no request).</summary>
    public long StartedNs => Request?.StartedNs ?? Response?.StartedNs ?? 0;

    /// <summary>When the first byte of the final response was captured; 0 when there is none.</summary>
    public long FirstByteNs => Response?.StartedNs ?? 0;

    /// <summary>When the last byte of both was captured.</summary>
    public long EndedNs => Math.Max(Request?.EndedNs ?? 0, Response?.EndedNs ?? 0);

    /// <summary>Nanoseconds from the first to the last byte.</summary>
    public long DurationNs => EndedNs - StartedNs;

    /// <summary>Whether neither message can change any more.</summary>
    internal bool IsDone => Request is not { IsDone: false } && Response is { IsDone: true };

    internal bool TryAddInterim(HttpResponse response)
    {
        bool fits = _interim.Count < 8;
        if (fits)
        {
            _interim.Add(response);
        }

        return fits;
    }
}
