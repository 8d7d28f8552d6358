using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.MariaDb;

namespace ECapture.Tests.EndToEnd.Mysqld;

/// <summary>Sessions that are left out or cannot be followed: each is said.</summary>
[Collection(CaptureCollection.Name)]
public sealed class SessionTests
{
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    [Fact]
    public async Task Sessions_OlderOrCompressed_AreDeclaredNotGuessed()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using MariaDbServer server = await MariaDbServer.StartAsync(cancellation);
        using System.Diagnostics.Process older = server.StartClient(["--unbuffered", "--skip-column-names"], tcp: true);
        await older.StandardInput.WriteLineAsync("select 'ready';".AsMemory(), cancellation);
        await older.StandardInput.FlushAsync(cancellation);
        Assert.Equal("ready", await older.StandardOutput.ReadLineAsync(cancellation));
        await using CaptureSession session = await CaptureSession.StartAsync("mysqld");

        await older.StandardInput.WriteLineAsync($"select '{_marker} older';".AsMemory(), cancellation);
        older.StandardInput.Close();
        await older.WaitForExitAsync(cancellation);
        Assert.Equal(0, (await server.RunClientAsync("mariadb", ["--compress", "-e", $"select '{_marker} compressed'"], tcp: true)).ExitCode);
        Assert.Equal(0, (await server.RunClientAsync("mariadb", ["-e", $"select '{_marker} seen'"], tcp: true)).ExitCode);
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.Equal(
            [("127.0.0.1", "its statements are not seen: it began before the agent, or is none of the client/server protocol: no greeting was seen"),
                ("app@127.0.0.1", "its statements are not seen: it uses the compressed protocol")],
            events.Where(e => e.Coverage?.Subject == "session").Select(e => (e.Coverage.Target.ToStringUtf8(), e.Coverage.Reason)));
        Assert.Equal([$"select '{_marker} seen'"], Texts(events));
    }

    [Fact]
    public async Task Sessions_OfTheAgentAndOfExcludedUsers_AreLeftOut()
    {
        await using MariaDbServer server = await MariaDbServer.StartAsync(TestContext.Current.CancellationToken);
        await using CaptureSession session = await CaptureSession.StartAsync(
            new CaptureOptions { Modules = ["mysqld"], ExcludedDatabaseUsers = [MariaDbServer.User] });
        await using (BinaryClient own = await BinaryClient.ConnectFromHereAsync(server.Port))
        {
            Assert.Equal(0, await own.QueryAsync($"select '{_marker} own'"));
        }

        Assert.Equal(0, (await server.RunClientAsync("mariadb", ["-e", $"select '{_marker} excluded'"], tcp: true, tls: true)).ExitCode);
        await using (BinaryClient other = await BinaryClient.ConnectAsync(server.Port, deprecatesEof: true))
        {
            Assert.Equal(0, await other.QueryAsync($"select '{_marker} other'"));
        }

        IReadOnlyList<Event> events = await session.StopAsync();
        Assert.Equal([$"select '{_marker} other'"], Texts(events));
        Assert.Equal(
            [$"sessions of database user {MariaDbServer.User}", $"sessions of process {Environment.ProcessId}"],
            events.Where(e => e.AgentState?.State == AgentState.Types.State.Excluded && e.AgentState.Module == "mysqld").Select(e => e.AgentState.Detail).Order(StringComparer.Ordinal));
    }

    private IEnumerable<string> Texts(IReadOnlyList<Event> events) =>
        events.Where(e => e.SqlStatement is not null).Select(e => e.SqlStatement.Statement.ToStringUtf8()).Where(t => t.Contains(_marker, StringComparison.Ordinal));
}
