using System.Text;

namespace ECapture.Protocols.Http.Http2;

/// <summary>The table that both ends know from the start (RFC 7541 appendix A); its first index is 1.</summary>
internal static class StaticTable
{
    public const int Count = 61;

    private static readonly (byte[] Name, byte[] Value)[] s_entries = Parse(
        """
        :authority
        :method=GET
        :method=POST
        :path=/
        :path=/index.html
        :scheme=http
        :scheme=https
        :status=200
        :status=204
        :status=206
        :status=304
        :status=400
        :status=404
        :status=500
        accept-charset
        accept-encoding=gzip, deflate
        accept-language
        accept-ranges
        accept
        access-control-allow-origin
        age
        allow
        authorization
        cache-control
        content-disposition
        content-encoding
        content-language
        content-length
        content-location
        content-range
        content-type
        cookie
        date
        etag
        expect
        expires
        from
        host
        if-match
        if-modified-since
        if-none-match
        if-range
        if-unmodified-since
        last-modified
        link
        location
        max-forwards
        proxy-authenticate
        proxy-authorization
        range
        referer
        refresh
        retry-after
        server
        set-cookie
        strict-transport-security
        transfer-encoding
        user-agent
        vary
        via
        www-authenticate
        """);

    public static ReadOnlySpan<byte> Name(int index) => s_entries[index - 1].Name;

    public static ReadOnlySpan<byte> Value(int index) => s_entries[index - 1].Value;

    private static (byte[] Name, byte[] Value)[] Parse(string table) =>
    [
        .. table.Split('\n', StringSplitOptions.TrimEntries).Select(static line =>
        {
            int equals = line.IndexOf('=');
            return equals < 0 ? (Encoding.ASCII.GetBytes(line), [])
                : (Encoding.ASCII.GetBytes(line[..equals]), Encoding.ASCII.GetBytes(line[(equals + 1)..]));
        }),
    ];
}
