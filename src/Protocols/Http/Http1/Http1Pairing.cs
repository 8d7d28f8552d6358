namespace ECapture.Protocols.Http.Http1;

/// <summary>
/// Joins the responses of an HTTP/1 connection to its requests by order (RFC 9112 section 9.3). After messages were lost the order still tells what
/// belongs together as long as the client waits for each response, as nearly all do; where it did not, exchanges are marked
/// <see cref="HttpProblems.PairingUncertain"/>.
/// </summary>
internal sealed class Http1Pairing(HttpConnection connection, HttpLimits limits)
{
    private readonly List<HttpExchange> _pending = [];
    private long _count;
    private bool _pipelined;
    private bool _uncertain;
    private bool _responsesLost;

    /// <summary>A request's header section is complete.</summary>
    public void OnRequest(HttpRequest request)
    {
        if (_responsesLost)
        {
            // The client would have waited for these responses: they went by in the gap.
            GiveUp(HttpProblems.None);
            _responsesLost = false;
        }
        else if (Waiting() is not null)
        {
            _pipelined = true;
        }

        Add(new HttpExchange(++_count) { Request = request, Problems = Doubt });
    }

    /// <summary>A request has ended, or was given up.</summary>
    /// <returns>Whether what follows depends on its response: an upgrade, or CONNECT.</returns>
    public bool OnRequestDone(HttpRequest request)
    {
        int at = _pending.FindIndex(e => ReferenceEquals(e.Request, request));
        if (at < 0)
        {
            return false;
        }

        HttpExchange exchange = _pending[at];
        if (exchange.IsDone)
        {
            Deliver(at);
            return false;
        }

        return exchange.Response is null && (request.IsMethod("CONNECT"u8) || request.Headers.TryGet("upgrade"u8, out _));
    }

    /// <summary>A response's header section is complete.</summary>
    public ResponsePlan OnResponse(HttpResponse response)
    {
        bool isInterim = response.Status is >= 100 and < 200 and not 101;
        if (_responsesLost && _pending.Count(e => e.Response is null) > 1)
        {
            GiveUp(Doubt);
        }

        _responsesLost = false;
        HttpExchange? exchange = Waiting();
        if (isInterim)
        {
            if (exchange is null || !exchange.TryAddInterim(response))
            {
                connection.Discard(response);
            }

            return ResponsePlan.NoBody;
        }

        if (exchange is null)
        {
            exchange = new HttpExchange(++_count);
            Add(exchange);
        }

        exchange.Response = response;
        exchange.Problems |= Doubt;
        HttpRequest? request = exchange.Request;
        bool isConnect = request is not null && request.IsMethod("CONNECT"u8) && response.Status is >= 200 and < 300;
        if (isConnect || response.Status == 101)
        {
            exchange.Upgrade = UpgradeOf(response, isConnect);
            return ResponsePlan.Switch;
        }

        connection.ReleaseHeld();
        return response.Status is 204 or 304 || (request is not null && request.IsMethod("HEAD"u8)) ? ResponsePlan.NoBody : ResponsePlan.Body;
    }

    /// <summary>A response has ended, or was given up.</summary>
    public void OnResponseDone(HttpResponse response)
    {
        int at = _pending.FindIndex(e => ReferenceEquals(e.Response, response));
        if (at < 0)
        {
            return;
        }

        HttpExchange exchange = _pending[at];
        HttpUpgrade upgrade = exchange.Upgrade;
        if (exchange.IsDone || upgrade != HttpUpgrade.None)
        {
            Deliver(at);
        }

        if (upgrade != HttpUpgrade.None)
        {
            connection.Switch(exchange);
            GiveUp(HttpProblems.None);
        }
    }

    /// <summary>Whole messages may be lost in a direction.</summary>
    public void Lost(bool requests)
    {
        _uncertain |= _pipelined;
        if (!requests)
        {
            _responsesLost = true;
            connection.ReleaseHeld();
        }
    }

    /// <summary>Nothing will follow in either direction.</summary>
    public void Close() => GiveUp(HttpProblems.None, everything: true);

    private HttpProblems Doubt => _uncertain ? HttpProblems.PairingUncertain : HttpProblems.None;

    private HttpExchange? Waiting() => _pending.Find(e => e.Response is null);

    private static HttpUpgrade UpgradeOf(HttpResponse response, bool isConnect) =>
        isConnect ? HttpUpgrade.Tunnel
        : response.Headers.HasToken("upgrade"u8, "websocket"u8) ? HttpUpgrade.WebSocket
        : response.Headers.HasToken("upgrade"u8, "h2c"u8) ? HttpUpgrade.Http2
        : HttpUpgrade.Tunnel;

    private void Add(HttpExchange exchange)
    {
        if (_pending.Count >= limits.MaxPendingExchanges)
        {
            _pending[0].Problems |= HttpProblems.Evicted;
            _uncertain = true; // its response will be taken for another's
            Deliver(0);
        }

        _pending.Add(exchange);
    }

    /// <summary>Hands over what waits for a response that will not come.</summary>
    private void GiveUp(HttpProblems why, bool everything = false)
    {
        for (int i = 0; i < _pending.Count;)
        {
            if (everything || _pending[i].Response is null)
            {
                _pending[i].Problems |= why;
                Deliver(i);
            }
            else
            {
                i++;
            }
        }
    }

    private void Deliver(int at)
    {
        HttpExchange exchange = _pending[at];
        _pending.RemoveAt(at);
        connection.Deliver(exchange);
    }
}
