using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace ECapture.Storage.ClickHouse;

/// <summary>
/// A ClickHouse server over its HTTP interface
/// (https://clickhouse.com/docs/interfaces/http): one POST per statement, errors by <c>X-ClickHouse-Exception-Code</c>.
/// </summary>
public sealed class ClickHouseHttp : IClickHouse
{
    private readonly StoreAddress _address;
    private readonly string _password;
    private readonly Uri _root;
    private readonly HttpClient _client;

    /// <summary>Creates the client; nothing is sent yet.</summary>
    /// <param name="address">Of kind <see cref="StoreKind.ClickHouse"/>.</param>
    /// <exception cref="StoreException">The password file cannot be read.</exception>
    public ClickHouseHttp(StoreAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        _address = address;
        _password = address.ReadPassword();
        _root = new UriBuilder(address.IsTls ? "https" : "http", address.Host, address.Port).Uri;
        _client = new HttpClient(new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10), // follows a name to its new address
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20), // below the server's keep_alive_timeout of 30 s
            UseProxy = false,
            AllowAutoRedirect = false,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // each wait has its own, see SendAsync
        };
    }

    /// <inheritdoc/>
    public string Address => _address.Text;

    /// <inheritdoc/>
    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        using StringContent body = new(sql, Encoding.UTF8);
        using HttpResponseMessage response = await SendAsync("", body, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task InsertAsync(string sql, ReadOnlySequence<byte> native, CancellationToken cancellationToken)
    {
        using SequenceContent body = new(native);
        string query = "&query=" + Uri.EscapeDataString(sql + " FORMAT Native");
        using HttpResponseMessage response = await SendAsync(query, body, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<Stream> QueryAsync(
        string sql, IReadOnlyDictionary<string, string> parameters, string format, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        // A client that goes away cancels its query; without it the engine reads on for nobody.
        StringBuilder query = new("&cancel_http_readonly_queries_on_client_close=1");
        foreach ((string name, string value) in parameters)
        {
            query.Append("&param_").Append(Uri.EscapeDataString(name)).Append('=')
                .Append(Uri.EscapeDataString(ClickHouseText.EscapeParameter(value)));
        }

        using StringContent body = new($"{sql} FORMAT {format}", Encoding.UTF8);
        HttpResponseMessage response = await SendAsync(query.ToString(), body, cancellationToken).ConfigureAwait(false);
        try
        {
            Stream content = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            return new ClickHouseHttpStream(response, content, _address.Timeout, Unreachable);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    // Returns with the headers of a success; the body is not read yet.
    private async Task<HttpResponseMessage> SendAsync(string query, HttpContent body, CancellationToken cancellationToken)
    {
        Uri uri = new(_root, $"?database={Uri.EscapeDataString(_address.Database)}{query}");
        using HttpRequestMessage request = new(HttpMethod.Post, uri) { Content = body };
        request.Headers.Add("X-ClickHouse-User", _address.User);
        if (_password.Length > 0)
        {
            request.Headers.Add("X-ClickHouse-Key", _password);
        }

        using CancellationTokenSource wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        wait.CancelAfter(_address.Timeout);
        HttpResponseMessage? response = null;
        try
        {
            response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, wait.Token).ConfigureAwait(false);
            if (response.IsSuccessStatusCode && !response.Headers.Contains("X-ClickHouse-Exception-Code"))
            {
                HttpResponseMessage success = response;
                response = null;
                return success;
            }

            throw await RefusalAsync(response, wait.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Unreachable(e);
        }
        finally
        {
            response?.Dispose();
        }
    }

    private async Task<StoreException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using Stream content = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        byte[] start = new byte[16 * 1024]; // a message may repeat the statement
        int length = await content.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        string message = Encoding.UTF8.GetString(start, 0, length);
        int code = response.Headers.TryGetValues("X-ClickHouse-Exception-Code", out IEnumerable<string>? values)
            && int.TryParse(values.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out int given)
            ? given
            : ClickHouseErrors.CodeOf(message);
        if (code != 0)
        {
            return ClickHouseErrors.Create(Address, _address.Database, _address.User, code, message);
        }

        int status = (int)response.StatusCode;
        return new ClickHouseException(
            $"{Address} answered HTTP {status}, not as ClickHouse does: is that ClickHouse's HTTP port (8123)?",
            code: 0, isTransient: status is 408 or 429 or 502 or 503 or 504);
    }

    private StoreException Unreachable(Exception e)
    {
        string reason = e is OperationCanceledException
            ? string.Create(CultureInfo.InvariantCulture, $"no answer within {_address.Timeout.TotalSeconds:0} s")
            : (e.InnerException ?? e).Message;
        return new StoreException($"{Address} cannot be reached: {reason}; is the server running there?", isTransient: true, e);
    }
}
