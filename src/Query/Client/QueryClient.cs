using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ECapture.Events.Formatting;
using ECapture.Query.Api;
using ECapture.Query.Keys;
using ECapture.Query.Pcap;
using ECapture.Query.Releases;

namespace ECapture.Query.Client;

/// <summary>Speaks to a query service. The answers are what the service wrote; nothing of them is collected here.</summary>
public sealed class QueryClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly Uri _service;

    /// <summary>Creates a client.</summary>
    /// <param name="service">The service's address, for example <c>http://127.0.0.1:8080</c>.</param>
    /// <param name="token">Says who asks; null: nobody.</param>
    /// <param name="trusted">Certificates that a service's may be signed with, beside none of the system's; null: those of the system.</param>
    /// <param name="own">The caller's certificate with its key, where the service asks for one; null: none.</param>
    public QueryClient(Uri service, string? token = null, X509Certificate2Collection? trusted = null, X509Certificate2? own = null)
    {
        ArgumentNullException.ThrowIfNull(service);
        _service = service;
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5) };
        if (trusted is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(trusted);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        if (own is not null)
        {
            handler.SslOptions.ClientCertificates = [own];
        }

        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <summary>Copies the answer of a search.</summary>
    /// <param name="parameters">Parameters as the API takes them, the form included.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="cancellationToken">Ends it, in the store, too.</param>
    /// <exception cref="QueryClientException">The service refused or failed, or cannot be reached.</exception>
    public Task EventsAsync(IEnumerable<KeyValuePair<string, string>> parameters, Stream output, CancellationToken cancellationToken) =>
        CopyAsync(HttpMethod.Get, "api/v1/events", parameters, output, cancellationToken);

    /// <summary>Copies a rebuilt pcapng file.</summary>
    /// <param name="parameters">Parameters as the API takes them.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="cancellationToken">Ends it, in the store, too.</param>
    /// <returns>What the file holds.</returns>
    /// <exception cref="QueryClientException">The service refused or failed, or cannot be reached; the file is cut when it had begun.</exception>
    public async Task<RebuildReport> PcapngAsync(
        IEnumerable<KeyValuePair<string, string>> parameters, Stream output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(output);
        var tally = new PcapngTally(output);
        await using (tally.ConfigureAwait(false))
        {
            HttpResponseMessage response = await CopyAsync(HttpMethod.Get, "api/v1/pcapng", parameters, tally, cancellationToken).ConfigureAwait(false);
            if (!tally.IsWhole)
            {
                throw new QueryClientException($"the query service at {_service} ended the file in the middle of a block; its log says why", isUsage: false);
            }

            return new RebuildReport(
                (int)Number(response.Headers, PcapngHeaders.Sessions),
                (int)Number(response.Headers, PcapngHeaders.SessionsWithoutSecrets),
                Number(response.Headers, PcapngHeaders.Secrets),
                tally.Packets,
                tally.Bytes)
            {
                SyntheticSessions = (int)Number(response.Headers, PcapngHeaders.SyntheticSessions),
                SecretComplaint = response.Headers.TryGetValues(PcapngHeaders.SecretComplaint, out IEnumerable<string>? complaint)
                    ? Printable.Of(complaint.First())
                    : null,
            };
        }
    }

    /// <summary>Whether the service can open the secrets of its store.</summary>
    /// <exception cref="QueryClientException">The service refused or failed, or cannot be reached.</exception>
    public async Task<IReadOnlyList<KeyUse>> KeysAsync(CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await CopyAsync(HttpMethod.Get, "api/v1/keys", [], body, cancellationToken).ConfigureAwait(false);
        try
        {
            return KeyUseJson.Read(body.GetBuffer().AsSpan(0, (int)body.Length));
        }
        catch (JsonException e)
        {
            throw new QueryClientException($"{_service} answered with no list of keys; is it a query service of this version?", isUsage: false, e);
        }
    }

    /// <summary>The requests for TLS secrets that wait for a second keyholder, and what became of those of the last day.</summary>
    /// <exception cref="QueryClientException">The service refused or failed, or cannot be reached.</exception>
    public async Task<IReadOnlyList<KeyRelease>> ReleasesAsync(CancellationToken cancellationToken) =>
        await ReadReleasesAsync(HttpMethod.Get, "api/v1/releases", cancellationToken).ConfigureAwait(false);

    /// <summary>Decides on a request for TLS secrets.</summary>
    /// <exception cref="QueryClientException">The service refused or failed, or cannot be reached.</exception>
    public async Task<KeyRelease> DecideAsync(string id, bool approves, CancellationToken cancellationToken) =>
        (await ReadReleasesAsync(HttpMethod.Post, $"api/v1/releases/{Uri.EscapeDataString(id)}/{(approves ? "approve" : "deny")}", cancellationToken).ConfigureAwait(false))[0];

    /// <summary>True when a service answers there.</summary>
    public async Task<bool> IsLiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(new Uri(_service, "health/live"), cancellationToken).ConfigureAwait(false);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<IReadOnlyList<KeyRelease>> ReadReleasesAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await CopyAsync(method, path, [], body, cancellationToken).ConfigureAwait(false);
        try
        {
            return ReleaseJson.Read(body.GetBuffer().AsSpan(0, (int)body.Length));
        }
        catch (JsonException e)
        {
            throw new QueryClientException($"{_service} answered with no list of releases; is it a query service of this version?", isUsage: false, e);
        }
    }

    private async Task<HttpResponseMessage> CopyAsync(
        HttpMethod method, string path, IEnumerable<KeyValuePair<string, string>> parameters, Stream output, CancellationToken cancellationToken)
    {
        var query = new StringBuilder(path);
        char separator = '?';
        foreach ((string name, string value) in parameters)
        {
            query.Append(separator).Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }

        try
        {
            using var request = new HttpRequestMessage(method, new Uri(_service, query.ToString()));
            using HttpResponseMessage response =
                await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw await RefusalAsync(response, cancellationToken).ConfigureAwait(false);
            }

            Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                byte[] buffer = new byte[256 << 10];
                int read;
                while ((read = await ReadAsync(body, buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                }

                return response; // its headers outlive it
            }
        }
        catch (HttpRequestException e)
        {
            throw new QueryClientException(
                $"the query service at {_service} cannot be reached: {(e.InnerException ?? e).Message}; does `ecapture run` or `ecapture query` run there?",
                isUsage: true, e);
        }
    }

    /// <summary>Errors of this side are the service's; those of the output are the caller's.</summary>
    private async Task<int> ReadAsync(Stream body, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new QueryClientException($"the query service at {_service} broke off its answer: {e.Message}; its log says why", isUsage: false, e);
        }
    }

    private async Task<QueryClientException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        const int longest = 64 << 10;
        byte[] start = new byte[longest];
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        int length = await body.ReadAtLeastAsync(start, longest, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        bool isUsage = response.StatusCode == HttpStatusCode.BadRequest;
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json")
        {
            try
            {
                using JsonDocument problem = JsonDocument.Parse(start.AsMemory(0, length));
                if (problem.RootElement.TryGetProperty("detail", out JsonElement detail) && detail.GetString() is { } text)
                {
                    return new QueryClientException(Printable.Of(text), isUsage);
                }
            }
            catch (JsonException e)
            {
                return new QueryClientException($"the query service at {_service} answered {(int)response.StatusCode} without a readable reason", isUsage, e);
            }
        }

        return new QueryClientException($"{_service} answered {(int)response.StatusCode}, not as a query service does; is that its address?", isUsage);
    }

    private static long Number(System.Net.Http.Headers.HttpHeaders headers, string name) =>
        headers.TryGetValues(name, out IEnumerable<string>? values)
        && long.TryParse(values.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : 0;
}
