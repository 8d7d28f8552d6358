using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.MariaDb;

namespace ECapture.Tests.EndToEnd.Mysqld;

/// <summary>64 sessions of MariaDB at once and 10,048 statements: each session's are those of the audit plugin's log.</summary>
[Collection(CaptureCollection.Name)]
public sealed class ConcurrentStatementsTests
{
    private const int Clients = 64;
    private const int Statements = 157; // of each
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly string _marker = $"m{Guid.NewGuid():N}";

    [Fact]
    public async Task Statements_ManySessionsAtOnce_NothingMissingNothingCrossed()
    {
        const int Expected = Clients * Statements;
        await using MariaDbServer server = await MariaDbServer.StartAsync(TestContext.Current.CancellationToken);
        await using CaptureSession session = await CaptureSession.StartAsync("mysqld");

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            string script = string.Concat(Enumerable.Range(0, Statements).Select(i => $"select '{_marker}', {client}, {i};\n"));
            (int code, string output) = await server.RunClientAsync("mariadb", [.. client % 4 == 2 ? (string[])["-h", "::1"] : [], MariaDbServer.Database], tcp: client % 2 == 0, tls: client % 4 == 0, script);
            Assert.True(code == 0, output);
        }));
        await session.Log.WaitUntilAsync(e => e.Count(s => s.SqlStatement is not null) >= Expected, s_patience, $"{Expected} statements");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal([], events.Where(e => e.Loss is not null || e.Coverage is not null).Select(e => e.ToString()));
        AuditedStatement[] audited = [.. (await server.ReadAuditAsync()).Where(a => a.Text.Contains(_marker, StringComparison.Ordinal))];
        Event[] captured = [.. events.Where(e => e.SqlStatement?.Statement.ToStringUtf8().Contains(_marker, StringComparison.Ordinal) == true)];
        Assert.Equal(Expected, audited.Length);
        Assert.Equal(AuditedSessions.Of(audited), AuditedSessions.Of(captured));
        Assert.Equal(Clients / 4 * Statements, captured.Count(e => e.Flow?.LocalAddress.Length == 16 && e.SqlStatement.Client.ToStringUtf8() == "::1"));
        Assert.Equal(Clients / 2, captured.Where(e => e.Flow?.LocalPort == server.Port).Select(e => e.Flow.RemotePort).Distinct().Count());
    }
}
