namespace ECapture.Protocols.Http.WebSocket;

/// <summary>What was agreed on compression (RFC 7692 section 7.1), read from the response's Sec-WebSocket-Extensions.</summary>
internal readonly record struct PerMessageDeflate(bool IsAgreed, bool ClientKeepsContext, bool ServerKeepsContext)
{
    public static PerMessageDeflate Of(HttpHeaders headers)
    {
        for (int i = 0; i < headers.Count; i++)
        {
            if (!headers.Is(i, "sec-websocket-extensions"u8))
            {
                continue;
            }

            ReadOnlySpan<byte> value = headers[i].Value.Span;
            while (HttpSyntax.TryNextListItem(ref value, out ReadOnlySpan<byte> item))
            {
                if (HttpSyntax.EqualsIgnoreCase(HttpSyntax.BeforeParameters(item), "permessage-deflate"u8))
                {
                    return new PerMessageDeflate(
                        true, item.IndexOf("client_no_context_takeover"u8) < 0, item.IndexOf("server_no_context_takeover"u8) < 0);
                }
            }
        }

        return default;
    }
}
