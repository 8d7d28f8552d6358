using System.Net;
using System.Text;
using System.Text.Json;
using ECapture.Events.V1;
using ECapture.Query;
using ECapture.Query.Callers;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;
using Microsoft.Extensions.Logging;

namespace ECapture.Tests.Integration.Querying;

/// <summary>Whatever is asked for, the answer is a page, a refusal or nothing: never a store's error, never a row that the token may not see.</summary>
public sealed class ApiFuzzTests(StoresFixture stores) : IDisposable
{
    private const int Requests = 160;
    private const int Tokens = 8; // each may ask 100 times at once

    private static readonly string[] s_names =
        ["module", "since", "from", "to", "host", "process", "pid", "uid", "address", "port", "connection", "flow", "event", "filter", "text", "cursor", "order", "results", "format", "nothing", "'"];

    private static readonly string[] s_values =
    [
        "tls", "postgres,bash", "1h", "1970-01-01", "2262-04-11T23:47:16.854775807Z", "web1", "web2", "' OR '1'='1", "'; DROP TABLE tls; --", "\\'", "\\", "$1", "{p0:String}", "{p0}", "%", "%00", "\0", "\uFFFD\uD83D\uDE00", "[", "(?i)(a+)+$",
        "4294967295", "-1", "99999999999999999999", "0.0.0.0/0", "::/0", "10.0.0.0/33", "ffffffffffffffff", "0000000000000000", "00000000-0000-0000-0000-000000000000/tls/0/0",
        "00000000-0000-0000-0000-000000000000/tls/2147483647/18446744073709551615", "newest", "true", "ndjson", "", " ", "\u202e", "é",
    ];

    private static readonly string[] s_parts =
    [
        "process", "pid", "sql", "data", "host", "sql_duration", "exit_status", "address", "==", "!=", "<", ">=", "~", "!~", "=~", "in", "not in", "not", "and", "or", "(", ")", ",", "\"web2\"", "'x'", "\"'; DROP TABLE tls; --\"",
        "\"\\x00\"", "\"\\xff\\xfe\"", "\"(a|b)*[c-\"", "\"^.{0,100}$\"", "5", "-5", "1.5s", "9999999999999999999999", "10.0.0.0/8", "\"", "\\", "\n", "\0", ";", "--", "/*", "\u00e9",
    ];

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ecapture-fuzz-");
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(120) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _http.Dispose();
        _root.Delete(recursive: true);
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse, 11)]
    [InlineData(StoreKind.Postgres, 12)]
    public async Task Anything_Asked_IsAPageOrARefusal(StoreKind kind, int seed)
    {
        await using Store store = await StoreFactory.OpenAsync(await stores.CreateDatabaseAsync(kind, Cancel), StoreRole.Writer, Cancel);
        List<Event> history = History.Make(400, seed: 3);
        await StoreLoader.LoadAsync(store, history, Cancel);
        Assert.Contains(history, e => e.Host != "web1");
        var file = new TokenFile(Path.Combine(_root.FullName, "tokens.json"));
        string[] tokens = [.. Enumerable.Range(0, Tokens).Select(i => file.Create($"t{i}", Role.Admin, DateTimeOffset.UtcNow, TimeSpan.FromHours(1), "host == \"web1\""))];
        await using RunningQuery query = await RunningQuery.StartAsync(new QueryServiceOptions
        {
            Store = new EventStoreReader(store),
            Tokens = file,
            RequireToken = true,
            Listen = "http://127.0.0.1:0",
            Configure = b => b.Logging.ClearProviders(),
        });
        var random = new Random(seed);
        int pages = 0;
        for (int i = 0; i < Requests; i++)
        {
            string path = Request(random);
            using var request = new HttpRequestMessage(random.Next(20) == 0 ? HttpMethod.Post : HttpMethod.Get, new Uri(query.Address, path));
            request.Headers.Authorization = new("Bearer", tokens[i % Tokens]);
            if (random.Next(5) == 0)
            {
                request.Headers.TryAddWithoutValidation("X-" + random.Next(10), new string('a', random.Next(3000)));
                request.Headers.TryAddWithoutValidation("Range", "bytes=0-1");
                request.Headers.TryAddWithoutValidation("Accept", s_values[random.Next(s_values.Length)].Where(char.IsAsciiLetterOrDigit).ToArray().AsSpan().ToString());
            }

            if (request.Method == HttpMethod.Post)
            {
                request.Content = new StringContent(new string('x', random.Next(2000)));
            }

            (HttpStatusCode status, string? type, string body) = await SendAsync(request);
            Assert.True((int)status is 200 or 400 or 404 or 405 or 413, $"{request.Method} {path} was answered {(int)status}: {body}");
            if (status != HttpStatusCode.OK)
            {
                foreach (string word in (string[])["DB::Exception", "SELECT", "syntax error", "SQLSTATE", "Npgsql", "System.", "   at ", query.Address.Authority])
                {
                    Assert.False(body.Contains(word, StringComparison.Ordinal), $"{path} was answered with '{word}': {body}");
                }

                continue;
            }

            if (path.StartsWith("/api/v1/events", StringComparison.Ordinal) && type == "application/x-ndjson")
            {
                foreach (string line in body.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    using JsonDocument found = JsonDocument.Parse(line);
                    Assert.True(found.RootElement.GetProperty("host").GetString() == "web1", $"{path} gave {line}");
                    pages++;
                }
            }
        }

        Assert.True(pages > 0, "no request found anything: nothing was tested");
        // It still answers, and nothing was dropped.
        using var last = new HttpRequestMessage(HttpMethod.Get, new Uri(query.Address, "/api/v1/events?limit=all&format=ndjson&results=true"));
        last.Headers.Authorization = new("Bearer", file.Create("last", Role.Admin, DateTimeOffset.UtcNow, TimeSpan.FromHours(1), null));
        using HttpResponseMessage whole = await _http.SendAsync(last, Cancel);
        int expected = history.Count(e => e.Topic is not ("packet" or "secret" or "access"));
        Assert.Equal(expected, (await whole.Content.ReadAsStringAsync(Cancel)).Count(c => c == '\n'));
    }

    private async Task<(HttpStatusCode Status, string? Type, string Body)> SendAsync(HttpRequestMessage request)
    {
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, Cancel);
            return (response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync(Cancel));
        }
        catch (HttpRequestException) when (request.Content is not null)
        {
            // A body is refused without being read, and the connection closed: the client may notice that before it has sent it.
            return (HttpStatusCode.RequestEntityTooLarge, null, "");
        }
        catch (HttpRequestException e)
        {
            throw new InvalidOperationException($"{request.RequestUri} was not answered: {e.Message}", e);
        }
    }

    private static string Request(Random random)
    {
        if (random.Next(25) == 0)
        {
            string[] paths = ["/api/v1/../../etc/passwd", "/api/v1/nothing", "/api/v2/events", "/api/v1/events/x'", "/%2e%2e/x", "/api//v1/events", "/api/v1/modules?x=1", "/assets/..%2f..%2fx", "/api/v1/fields"];
            return paths[random.Next(paths.Length)];
        }

        bool isHistogram = random.Next(4) == 0;
        var query = new StringBuilder(isHistogram ? "/api/v1/histogram?since=10000d" : "/api/v1/events?limit=20");
        if (!isHistogram && random.Next(3) > 0)
        {
            query.Append("&format=ndjson");
        }

        int count = random.Next(3);
        for (int i = 0; i < count; i++)
        {
            string name = s_names[random.Next(s_names.Length)];
            string value = name == "filter" ? Filter(random) : s_values[random.Next(s_values.Length)];
            query.Append('&').Append(Uri.EscapeDataString(name)).Append('=').Append(random.Next(30) == 0 ? value.Replace("#", "", StringComparison.Ordinal) : Uri.EscapeDataString(value));
        }

        if (random.Next(2) == 0)
        {
            query.Append("&filter=").Append(Uri.EscapeDataString(Filter(random)));
        }

        return query.ToString();
    }

    private static string Filter(Random random)
    {
        string[] whole =
        [
            "host == \"web2\" or host == \"web1\"", "not (host == \"web1\")", "pid >= 0 or host != \"web1\"", "sql ~ \"%' OR 1=1 --\"", "data =~ \"(a|b|')+\"", "process in (\"a'b\", 'c\\\\')",
            "command =~ \"^\\\\s*$\"", "address == ::/0 or port != 0",
        ];
        if (random.Next(3) == 0)
        {
            return whole[random.Next(whole.Length)];
        }

        return string.Join(' ', Enumerable.Range(0, random.Next(1, 9)).Select(_ => s_parts[random.Next(s_parts.Length)]));
    }
}
