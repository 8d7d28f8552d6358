using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using Outcome = ECapture.Events.V1.SqlStatement.Types.Outcome;

namespace ECapture.Tests.Matrix;

/// <summary>A database server of a tree and its own client: what was captured is compared with what the client asked.</summary>
/// <param name="Module">The module.</param>
/// <param name="Program">The server with its version.</param>
/// <param name="Mode">TLS or not.</param>
/// <param name="Start">Starts the server on a port.</param>
/// <param name="IsReady">Asks whether it answers.</param>
/// <param name="Client">Runs SQL.</param>
internal sealed record SqlServer(
    string Module, string Program, string Mode, Func<int, ServerProcess> Start, Func<int, Task<bool>> IsReady, Func<int, string, Task<Ran>> Client)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    /// <summary>The user and the database that the client names.</summary>
    internal required (string User, string Database) Session { get; init; }

    /// <summary>SQLSTATE of a statement on a table that is not there.</summary>
    internal required string NoTable { get; init; }

    /// <summary>Runs it.</summary>
    internal async Task<IReadOnlyList<Cell>> RunAsync(CancellationToken cancellationToken)
    {
        int port = FreePort.Next();
        string marker = $"m{Guid.NewGuid():n}";
        await using ServerProcess server = Start(port);
        await server.WaitReadyAsync(_ => IsReady(port), s_patience, cancellationToken);
        await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = [Module] });
        string good = $"select '{marker}', 1 union all select 'b', 2";
        string bad = $"select * from nothere_{marker}";
        Ran ran = await Client(port, $"{good};\n{bad};\n");
        IReadOnlyList<Event> events = await session.StopAsync();

        SqlStatement[] own = [.. events.Where(e => e.SqlStatement?.Statement.ToStringUtf8().Contains(marker, StringComparison.Ordinal) == true).Select(e => e.SqlStatement)];
        SqlStatement? first = own.FirstOrDefault(s => s.Outcome == Outcome.Ok);
        SqlStatement? second = own.FirstOrDefault(s => s.Outcome == Outcome.Error);
        Dictionary<string, bool> facts = new()
        {
            ["statements equal"] = own.Select(s => s.Statement.ToStringUtf8().TrimEnd(';')).SequenceEqual([good, bad]),
            ["user, database"] = own.Length > 0 && own.All(s => (s.User.ToStringUtf8(), s.Database.ToStringUtf8()) == Session),
            ["rows"] = first?.Rows == 2,
            ["error"] = second?.ErrorCode == NoTable,
            ["tuple right"] = own.Length > 0 && events.Where(e => own.Contains(e.SqlStatement)).All(e => e.Flow?.LocalPort == port),
        };
        string note = facts.Values.All(f => f)
            ? ""
            : $"{own.Length} statements; client: {ran.ExitCode} {ran.Errors.Trim().Split('\n')[0]}; "
                + string.Join("; ", events.Where(e => e.Coverage is not null).Select(e => $"{e.Coverage.Target.ToStringUtf8()}: {e.Coverage.Reason}").Take(2));
        return [new Cell(Module, Program, "server", Mode, facts, note)];
    }
}
