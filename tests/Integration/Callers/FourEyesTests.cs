using System.Net;
using System.Text;
using System.Text.Json;
using ECapture.Query;
using ECapture.Query.Callers;
using ECapture.Query.Releases;
using ECapture.Tests.Integration.Querying;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Cli;
using Microsoft.Extensions.Logging;
using AccessEvent = ECapture.Events.V1.Access;
using Outcome = ECapture.Events.V1.Access.Types.Outcome;

namespace ECapture.Tests.Integration.Callers;

/// <summary>With four eyes no secret leaves that two keyholders did not agree on.</summary>
public sealed class FourEyesTests(StoresFixture stores, TlsFixture tls) : AccessTestBase(stores, tls)
{
    private const string File = "api/v1/pcapng?" + Reason;

    [Fact]
    public async Task Keys_WithFourEyes_LeaveOnceForWhatASecondKeyholderApproved()
    {
        await using RunningQuery service = await StartAsync();
        Make("ann", Role.Keyholder);
        Make("bob", Role.Keyholder);
        Make("part", Role.Keyholder, "host == \"web1\"");

        string id = await AskAsync(service, "ann");
        Assert.Equal(id, await AskAsync(service, "ann"));
        foreach ((string who, HttpStatusCode expected) in ((string, HttpStatusCode)[])
            [("ann", HttpStatusCode.Forbidden), ("Analyst", HttpStatusCode.Forbidden), ("Viewer", HttpStatusCode.Forbidden), ("part", HttpStatusCode.Forbidden)])
        {
            Assert.Equal(expected, (await SendAsync(service, HttpMethod.Post, $"api/v1/releases/{id}/approve", who)).Status);
        }

        Assert.Equal(id, await AskAsync(service, "ann")); // nobody who tried could
        (HttpStatusCode approved, byte[] body) = await SendAsync(service, HttpMethod.Post, $"api/v1/releases/{id}/approve", "bob");
        Assert.True(approved == HttpStatusCode.OK, Encoding.UTF8.GetString(body));
        Assert.NotEqual(id, await AskAsync(service, "ann", "&process=first")); // another request
        Assert.NotEqual(id, await AskAsync(service, "bob")); // another person
        (HttpStatusCode status, byte[] file) = await SendAsync(service, HttpMethod.Get, File, "ann");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(HoldsSecret(file));
        AccessEvent given = Assert.Single(Journal.Entries, e => e.Outcome == Outcome.Granted && e.Keys > 0);
        Assert.Equal(("ann", $"release {id}, approved by bob"), (given.Actor, given.Detail));
        Assert.Contains(Journal.Entries, e => e is { Actor: "bob", Action: "approve", Outcome: Outcome.Granted } && e.Detail.Contains($"release {id} of ann", StringComparison.Ordinal));
        Assert.NotEqual(id, await AskAsync(service, "ann")); // once
    }

    [Fact]
    public async Task Keys_ApprovedBeforeARestart_LeaveOnceAfterIt()
    {
        Make("ann", Role.Keyholder);
        Make("bob", Role.Keyholder);
        string id;
        await using (RunningQuery before = await StartAsync(Releases))
        {
            id = await AskAsync(before, "ann");
            Assert.Contains("One service has them", (await Assert.ThrowsAsync<ReleaseException>(() => StartAsync(Releases))).Message, StringComparison.Ordinal);
        }

        await using (RunningQuery between = await StartAsync(Releases))
        {
            Assert.Equal(HttpStatusCode.OK, (await SendAsync(between, HttpMethod.Post, $"api/v1/releases/{id}/approve", "bob")).Status);
        }

        await using (RunningQuery after = await StartAsync(Releases))
        {
            (HttpStatusCode status, byte[] file) = await SendAsync(after, HttpMethod.Get, File, "ann");
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.True(HoldsSecret(file));
        }

        await using RunningQuery last = await StartAsync(Releases);
        Assert.NotEqual(id, await AskAsync(last, "ann")); // it was used
    }

    [Fact]
    public async Task Keys_ReleasesThatCannotBeKept_StayWhereTheyAre()
    {
        await using RunningQuery service = await StartAsync(Releases);
        Make("ann", Role.Keyholder);
        Make("bob", Role.Keyholder);
        string id = await AskAsync(service, "ann");
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(service, HttpMethod.Post, $"api/v1/releases/{id}/approve", "bob")).Status);
        string obstacle = Path.Combine(Releases, "releases.json.part");
        Directory.CreateDirectory(obstacle); // nothing can be written in its place, not even by root

        (HttpStatusCode status, byte[] body) = await SendAsync(service, HttpMethod.Get, File, "ann");
        Directory.Delete(obstacle);
        (HttpStatusCode again, byte[] file) = await SendAsync(service, HttpMethod.Get, File, "ann");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.False(HoldsSecret(body));
        Assert.Equal((HttpStatusCode.OK, true), (again, HoldsSecret(file))); // nor was it used up
    }

    [Fact]
    public async Task Keys_DeniedByTheCommand_StayWhereTheyAre()
    {
        await using RunningQuery service = await StartAsync();
        Make("ann", Role.Keyholder);
        string id = await AskAsync(service, "ann");

        ECapture.Tests.Support.Cli.Outcome listed = await CommandAsync(service, "Admin", "list", "--json");
        ECapture.Tests.Support.Cli.Outcome denied = await CommandAsync(service, "Admin", "deny", id);
        ECapture.Tests.Support.Cli.Outcome again = await CommandAsync(service, "Admin", "approve", id);

        using JsonDocument list = JsonDocument.Parse(listed.Output);
        Assert.Equal((id, "ann", "ticket 4711", "waiting"), (Text(list, "id"), Text(list, "actor"), Text(list, "reason"), Text(list, "state")));
        Assert.StartsWith($"{id}  ann  denied by Admin  until ", denied.Output, StringComparison.Ordinal);
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("a release that waits", again.Errors, StringComparison.Ordinal);
        Assert.NotEqual(id, await AskAsync(service, "ann"));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(service, HttpMethod.Get, "api/v1/pcapng?keys=false", "ann")).Status);
    }

    [Fact]
    public async Task Start_FourEyesWithoutNames_IsRefused()
    {
        ECapture.Tests.Support.Cli.Outcome outcome = await Ecapture.RunAsync("query", "--four-eyes", "--store", "postgres://nobody@127.0.0.1:1/none");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("--require-token", outcome.Errors, StringComparison.Ordinal);
    }

    private async Task<string> AskAsync(RunningQuery service, string name, string more = "")
    {
        (HttpStatusCode status, byte[] body) = await SendAsync(service, HttpMethod.Get, File + more, name);
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.False(HoldsSecret(body));
        return Encoding.UTF8.GetString(body).Split("release ")[1][..16];
    }

    private async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(RunningQuery service, HttpMethod method, string path, string name)
    {
        using var request = new HttpRequestMessage(method, new Uri(service.Address, path));
        request.Headers.Authorization = new("Bearer", TokenOf(name));
        using HttpResponseMessage response = await Http.SendAsync(request, Cancel);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(Cancel));
    }

    private Task<ECapture.Tests.Support.Cli.Outcome> CommandAsync(RunningQuery service, string name, params string[] arguments) =>
        Ecapture.RunAsync(["key", "release", .. arguments, "--api", service.Address.ToString()], new Dictionary<string, string> { ["ECAPTURE_TOKEN"] = TokenOf(name) });

    private static string? Text(JsonDocument list, string name) => list.RootElement[0].GetProperty(name).GetString();

    private Task<RunningQuery> StartAsync(string? releases = null) => RunningQuery.StartAsync(new QueryServiceOptions
    {
        Store = Events,
        Listen = "http://127.0.0.1:0",
        Journal = Journal,
        Tokens = Tokens,
        RequireToken = true,
        FourEyes = true,
        Releases = releases,
        Configure = b => b.Logging.ClearProviders(),
    });
}
