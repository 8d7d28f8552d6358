using System.Net;
using System.Text;
using ECapture.Query;
using ECapture.Query.Callers;
using ECapture.Tests.Integration.Querying;
using ECapture.Tests.Integration.Storage;
using Microsoft.Extensions.Logging;
using AccessEvent = ECapture.Events.V1.Access;
using Outcome = ECapture.Events.V1.Access.Types.Outcome;

namespace ECapture.Tests.Integration.Callers;

/// <summary>Who may have what, and that it is on record before he has it.</summary>
public sealed class AccessTests(StoresFixture stores, TlsFixture tls) : AccessTestBase(stores, tls)
{
    [Fact]
    public async Task EachRole_OnEachRoute_GetsWhatItMayAndIsOnRecord()
    {
        (string Path, Role Least)[] routes =
        [
            ("api/v1/events?limit=5", Role.Viewer),
            ("api/v1/events?limit=5&filter=process%20%3D%3D%20%22curl%22", Role.Viewer),
            ("api/v1/histogram?since=1d", Role.Viewer),
            ("api/v1/connections?since=1d", Role.Viewer),
            ("api/v1/modules", Role.Viewer),
            ("api/v1/fields", Role.Viewer),
            ("api/v1/status", Role.Viewer),
            ("api/v1/events?limit=5&text=x", Role.Analyst),
            ("api/v1/events?limit=5&filter=sql%20~%20%22x%22", Role.Analyst),
            ("api/v1/events?limit=5&filter=not%20%28data%20~%20%22x%22%29", Role.Analyst),
            ("api/v1/histogram?since=1d&text=x", Role.Analyst),
            ("api/v1/events?group-by=fingerprint", Role.Analyst),
            ("api/v1/pcapng?keys=false", Role.Analyst),
            ("api/v1/pcapng?keys=false&synthetic=false", Role.Analyst),
            ("api/v1/pcapng?keys=false&text=x", Role.Analyst),
            ("api/v1/pcapng?" + Reason, Role.Keyholder),
            ("api/v1/pcapng?keys=true&" + Reason, Role.Keyholder),
            ("api/v1/events?module=secret&text=x", Role.Keyholder),
            ("api/v1/keys", Role.Keyholder),
        ];
        var wrong = new List<string>();
        foreach ((string path, Role least) in routes)
        {
            foreach (Role role in Enum.GetValues<Role>())
            {
                (HttpStatusCode status, _) = await GetAsync(path, role.ToString());
                HttpStatusCode expected = role >= least ? HttpStatusCode.OK : HttpStatusCode.Forbidden;
                if (status != expected)
                {
                    wrong.Add($"{role} {path}: {status}");
                }

                bool isRefused = expected == HttpStatusCode.Forbidden;
                if (isRefused && Journal.Entries is not [.., { Outcome: Outcome.Refused }])
                {
                    wrong.Add($"{role} {path}: the refusal is not on record");
                }
            }
        }

        Assert.Empty(wrong);
        Assert.All(Journal.Entries, e => Assert.Equal(e.Actor.ToLowerInvariant(), e.Role));
    }

    [Fact]
    public async Task Nobody_WithoutATokenThatCounts_GetsAnything()
    {
        string expired = Tokens.Create("old", Role.Admin, DateTimeOffset.UtcNow.AddDays(-2), TimeSpan.FromDays(1), null);
        string revoked = Make("gone", Role.Admin);
        Tokens.Revoke("gone", DateTimeOffset.UtcNow);
        foreach (string path in (string[])["events", "histogram", "pcapng", "modules", "fields", "status", "keys", "nothing"])
        {
            foreach (string? header in (string?[])[null, "Bearer " + expired, "Bearer " + revoked, "Bearer ect_" + new string('A', 43), "Bearer ", "Basic " + TokenOf("Admin"), TokenOf("Admin")])
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, "api/v1/" + path));
                request.Headers.TryAddWithoutValidation("Authorization", header);
                using HttpResponseMessage response = await Http.SendAsync(request, Cancel);
                Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{path} with '{header}' answered {response.StatusCode}");
            }
        }

        Assert.NotEmpty(Journal.Entries);
        Assert.All(Journal.Entries, e => Assert.Equal((Outcome.Refused, ""), (e.Outcome, e.Actor)));
    }

    [Fact]
    public async Task Store_ThatFails_SaysNothingOfItselfToATokensOwner()
    {
        await using RunningQuery service = await RunningQuery.StartAsync(new QueryServiceOptions
        {
            Store = new EndlessStore(null),
            Listen = "http://127.0.0.1:0",
            Journal = Journal,
            Tokens = Tokens,
            RequireToken = true,
            Configure = b => b.Logging.ClearProviders(),
        });
        foreach (string path in (string[])["api/v1/status", "api/v1/events", "health/ready"])
        {
            (HttpStatusCode status, byte[] body) = await GetAsync(new Uri(service.Address, path).ToString(), "Admin");

            Assert.True(status >= HttpStatusCode.InternalServerError, $"{path} answered {status}");
            Assert.DoesNotContain("endless", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Histogram_OfAModule_HowManyEventsItCountedIsOnRecord()
    {
        (_, byte[] events) = await GetAsync("api/v1/events?module=tls&limit=all&format=ndjson", "Viewer");
        await GetAsync("api/v1/histogram?module=tls&since=2000-01-01T00:00:00Z", "Viewer");
        await GetAsync("api/v1/keys", "Keyholder");

        AccessEvent counted = await Journal.WaitForAsync(e => e.Action == "histogram" && e.Outcome == Outcome.Completed, Cancel);
        Assert.Equal((ulong)Lines(events), counted.Rows);
        await Journal.WaitForAsync(e => e.Action == "keys" && e.Outcome == Outcome.Completed, Cancel);
    }

    [Fact]
    public async Task Viewer_Events_HoldNoPayload()
    {
        (_, byte[] seen) = await GetAsync("api/v1/events?module=tls&limit=all&format=ndjson", "Viewer");
        (_, byte[] whole) = await GetAsync("api/v1/events?module=tls&limit=all&format=ndjson", "Analyst");

        Assert.All(Sessions.Exchanges, e => Assert.DoesNotContain(e.Marker, Encoding.UTF8.GetString(seen), StringComparison.Ordinal));
        Assert.All(Sessions.Exchanges, e => Assert.Contains(e.Marker, Encoding.UTF8.GetString(whole), StringComparison.Ordinal));
        Assert.Equal(Lines(whole), Lines(seen));
        foreach (string format in (string[])["json", "csv", "table"])
        {
            (_, byte[] body) = await GetAsync($"api/v1/events?limit=all&format={format}", "Viewer");
            Assert.All(Sessions.Exchanges, e => Assert.DoesNotContain(e.Marker, Encoding.UTF8.GetString(body), StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Token_WithAFilter_NeverSeesWhatIsOutside()
    {
        string process = Sessions.Exchanges[1].Process;
        Make("part", Role.Admin, $"process == \"{process}\"");

        (_, byte[] everything) = await GetAsync("api/v1/events?limit=all&format=ndjson", "part");
        (_, byte[] tricked) = await GetAsync("api/v1/events?limit=all&format=ndjson&filter=pid%20%3E%3D%200%20or%20pid%20%3E%3D%200", "part");
        (_, byte[] file) = await GetAsync("api/v1/pcapng?" + Reason, "part");

        string[] lines = Encoding.UTF8.GetString(everything).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(lines);
        Assert.All(lines, l => Assert.Contains($"\"{process}\"", l, StringComparison.Ordinal));
        Assert.Equal(Lines(everything), Lines(tricked));
        Assert.Equal([Sessions.Exchanges[1].Marker], await MarkersAsync(file));
        foreach (string path in (string[])["status", "keys"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync("api/v1/" + path, "part")).Status);
        }
    }

    [Theory]
    [InlineData("filter=not%20%28data%20~%20%22no%20such%20text%22%29")]
    [InlineData("filter=module%20%3D%3D%20secret%20and%20not%20%28data%20~%20%22no%20such%20text%22%29")]
    public async Task Histogram_SearchInWhatWasSaid_DoesNotCountSecrets(string search)
    {
        const string Always = "api/v1/histogram?from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
        (_, byte[] counted) = await GetAsync(Always, "Viewer");
        Assert.Contains("\"secret\"", Encoding.UTF8.GetString(counted), StringComparison.Ordinal); // how many there are is no secret

        (HttpStatusCode status, byte[] body) = await GetAsync($"{Always}&{search}", "Analyst");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.DoesNotContain("\"secret\"", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync($"{Always}&module=secret&{search}", "Analyst")).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"{Always}&module=secret&{search}", "Keyholder")).Status);
    }

    [Fact]
    public async Task Requests_TooMany_AreSlowedDown()
    {
        (HttpStatusCode Status, TimeSpan? RetryAfter)[] answers = await Task.WhenAll(Enumerable.Range(0, 400).Select(async _ =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, "api/v1/modules"));
            request.Headers.Authorization = new("Bearer", TokenOf("Viewer"));
            using HttpResponseMessage response = await Http.SendAsync(request, Cancel);
            return (response.StatusCode, response.Headers.RetryAfter?.Delta);
        }));

        Assert.Contains((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)), answers);
        Assert.Contains((HttpStatusCode.OK, null), answers);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("api/v1/modules", "Analyst")).Status);
    }
}
