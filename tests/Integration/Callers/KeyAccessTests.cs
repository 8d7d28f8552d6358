using System.Net;
using System.Text;
using ECapture.Pcapng;
using ECapture.Query;
using ECapture.Tests.Integration.Querying;
using ECapture.Tests.Integration.Storage;
using Microsoft.Extensions.Logging;
using AccessEvent = ECapture.Events.V1.Access;
using Outcome = ECapture.Events.V1.Access.Types.Outcome;

namespace ECapture.Tests.Integration.Callers;

/// <summary>Secrets leave only for who may have them and says why, after it is on record.</summary>
public sealed class KeyAccessTests(StoresFixture stores, TlsFixture tls) : AccessTestBase(stores, tls)
{
    [Fact]
    public async Task Keys_WithoutKeyholderOrReason_NeverLeave()
    {
        foreach (string name in (string[])["Viewer", "Analyst", "Keyholder", "Admin"])
        {
            foreach (string path in (string[])["pcapng", "pcapng?keys=true", "pcapng?keys=false", "pcapng?reason=%20", "events?module=secret&limit=all", "events?module=secret&limit=all&format=csv"])
            {
                (_, byte[] body) = await GetAsync("api/v1/" + path, name);
                Assert.False(HoldsSecret(body), $"{name} got a secret from {path}");
            }
        }

        (HttpStatusCode status, byte[] file) = await GetAsync("api/v1/pcapng?" + Reason, "Keyholder");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(HoldsSecret(file));
        AccessEvent granted = Assert.Single(Journal.Entries, e => e.Action == "pcapng" && e.Outcome == Outcome.Granted && e.Keys > 0);
        Assert.Equal(("Keyholder", "ticket 4711", (ulong)Sessions.KeyLog.Count), (granted.Actor, granted.Reason, granted.Keys));
        Assert.Equal("127.0.0.1", granted.From);
        AccessEvent completed = await Journal.WaitForAsync(e => e.Action == "pcapng" && e.Outcome == Outcome.Completed && e.Keys > 0, Cancel);
        Assert.Equal(((ulong)Blocks(file).OfType<PacketBlock>().Count(), (ulong)file.Length), (completed.Rows, completed.Bytes));
    }

    [Fact]
    public async Task Keys_OnTheLoopbackWithoutAReason_AreRefused()
    {
        await using RunningQuery service = await RunningQuery.StartAsync(new QueryServiceOptions
        {
            Store = Events,
            Listen = "http://127.0.0.1:0",
            Journal = Journal,
            Configure = b => b.Logging.ClearProviders(),
        });

        using HttpResponseMessage refused = await Http.GetAsync(new Uri(service.Address, "api/v1/pcapng"), Cancel);
        using HttpResponseMessage given = await Http.GetAsync(new Uri(service.Address, "api/v1/pcapng?" + Reason), Cancel);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.OK), (refused.StatusCode, given.StatusCode));
        Assert.False(HoldsSecret(await refused.Content.ReadAsByteArrayAsync(Cancel)));
        Assert.True(HoldsSecret(await given.Content.ReadAsByteArrayAsync(Cancel)));
        AccessEvent[] entries = [.. Journal.Entries.Where(e => e.Actor == "local")];
        Assert.Contains(entries, e => e.Outcome == Outcome.Refused && e.Detail.Contains("reason", StringComparison.Ordinal));
        Assert.Contains(entries, e => e is { Outcome: Outcome.Granted, Reason: "ticket 4711", Keys: > 0 });
    }

    [Fact]
    public async Task Journal_ThatFails_LetsNothingOut()
    {
        Journal.Fails = true;
        foreach (string path in (string[])["events?limit=all", "histogram", "pcapng?" + Reason, "pcapng?keys=false", "keys"])
        {
            (HttpStatusCode status, byte[] body) = await GetAsync("api/v1/" + path, "Admin");

            Assert.True(status == HttpStatusCode.ServiceUnavailable, $"{path} answered {status}");
            Assert.Contains("on record", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
            Assert.False(HoldsSecret(body));
        }
    }
}
