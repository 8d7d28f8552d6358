using System.Net.NetworkInformation;
using ECapture.Capture;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;
using Microsoft.Extensions.Logging;
using Process = System.Diagnostics.Process;
using ProcessStartInfo = System.Diagnostics.ProcessStartInfo;

namespace ECapture.Tests.Matrix;

/// <summary>A connection that stands before the agent starts, and a newer one of the same library, by which the agent learns where the older keeps its secrets.</summary>
/// <param name="Module">The module under test.</param>
/// <param name="Program">Library with its version.</param>
/// <param name="Mode">TLS version and what else is done.</param>
/// <param name="StartServer">Starts a server on a port that answers each line.</param>
/// <param name="Client">Program and arguments of a client of a port that sends its input line by line and prints the answers; its key log goes to the file named.</param>
internal sealed record EarlierPair(
    string Module, string Program, string Mode, Func<int, ServerProcess> StartServer, Func<int, string, (string File, IReadOnlyList<string> Arguments)> Client)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(45);

    /// <summary>The client's program where its library is built in: it takes a while to be found by what it holds. Null: none.</summary>
    internal string? BuiltIn { get; init; }

    /// <summary>False where its secrets are out of reach: it is looked for that this is said.</summary>
    internal bool HasSecrets { get; init; } = true;

    /// <summary>What is looked for beside the secrets; a library without exported functions gives no plaintext.</summary>
    internal bool HasPlaintext { get; init; } = true;

    /// <summary>Runs it.</summary>
    /// <param name="keyLog">Where the older client's key log goes, and what that file is called outside.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<IReadOnlyList<Cell>> RunAsync((string Inside, string Outside) keyLog, CancellationToken cancellationToken)
    {
        int port = FreePort.Next();
        await using ServerProcess server = await ServeAsync(port, cancellationToken);
        using Process older = Start(Client(port, keyLog.Inside));
        try
        {
            for (int i = 0; i < 5; i++)
            {
                await AskAsync(older, cancellationToken);
            }

            using SaidMessages said = new();
            using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(said));
            await using CaptureSession session = await CaptureSession.StartAsync(new CaptureOptions { Modules = [Module, "packet"], Interfaces = ["lo"] }, loggers: loggers);
            if (BuiltIn is not null)
            {
                await said.WaitForAsync(4 * s_patience, cancellationToken, "TLS library", BuiltIn, "probes");
            }

            int newPort = FreePort.Next();
            await using ServerProcess newServer = await ServeAsync(newPort, cancellationToken);
            using Process newer = Start(Client(newPort, "/dev/null"));
            bool IsProved(Event e) => e.TlsSecret?.Position is not null && (e.Flow.RemotePort == port || e.Flow.LocalPort == port);
            bool IsSaid(Event e) => e.Coverage?.Subject == "connection" && e.Process?.Pid == older.Id && e.Coverage.Reason.Contains("older than the agent", StringComparison.Ordinal);
            try
            {
                await AskAsync(newer, cancellationToken);
                await AskAsync(older, cancellationToken);
                await session.Log.WaitUntilAsync(e => HasSecrets ? e.Count(IsProved) >= 2 : e.Any(IsSaid), s_patience, "the secrets of both directions");
            }
            catch (TimeoutException)
            {
                // The facts say what is missing.
            }
            finally
            {
                newer.Kill();
                await newer.WaitForExitAsync(cancellationToken);
            }

            IReadOnlyList<Event> events = await session.StopAsync();
            Event[] proved = [.. events.Where(IsProved)];
            HashSet<string> own = [.. KeyLog.Read(keyLog.Outside)];
            if (!HasSecrets)
            {
                return [new Cell(Module, Program, "older than the agent", Mode, new Dictionary<string, bool> { ["said in a Coverage event"] = events.Any(IsSaid) })];
            }

            Dictionary<string, bool> facts = new()
            {
                ["secrets proved"] = proved.Select(e => e.TlsSecret.Position.IsClients).Distinct().Count() == 2 && proved.All(e => IsOf(own, e)),
            };
            if (HasPlaintext)
            {
                Event[] data = [.. events.Where(e => e.TlsData is not null && e.Process.Pid == older.Id)];
                facts["plaintext seen"] = data.Length >= 2;
                // What is sent through a memory BIO before anything was received has none yet, but the connection of what follows.
                facts["tuple right"] = data.Any(e => e.Flow is not null) && data.All(e => e.Flow is null || e.Flow.RemotePort == port) && data.Select(e => e.Connection).Distinct().Count() == 1;
            }

            string note = facts["secrets proved"] ? "" : $"{proved.Length} secrets proved; {events.Count(e => e.TlsSecret is not null)} captured; {string.Join("; ", said.All.Where(m => m.Contains("TLS build", StringComparison.Ordinal)))}";
            return [new Cell(Module, Program, "older than the agent", Mode, facts, note)];
        }
        finally
        {
            older.Kill();
            await older.WaitForExitAsync(cancellationToken);
        }
    }

    // Go forgets the client random of TLS 1.3.
    private static bool IsOf(HashSet<string> keyLog, Event proved)
    {
        string line = KeyLog.Of([proved]).Single();
        return keyLog.Contains(line)
            || (proved.TlsSecret.Position.IsRandomMade && line.Split(' ') is [string label, _, string secret] && keyLog.Any(l => l.StartsWith(label + " ", StringComparison.Ordinal) && l.EndsWith(" " + secret, StringComparison.Ordinal)));
    }

    private async Task<ServerProcess> ServeAsync(int port, CancellationToken cancellationToken)
    {
        ServerProcess server = StartServer(port);
        await server.WaitReadyAsync(
            _ => Task.FromResult(IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(l => l.Port == port)), s_patience, cancellationToken);
        return server;
    }

    private static Process Start((string File, IReadOnlyList<string> Arguments) command)
    {
        Process process = Process.Start(
            new ProcessStartInfo(command.File, command.Arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.BeginErrorReadLine(); // says what it thinks of the certificate
        return process;
    }

    // What a client prints of itself comes before; the marker comes back in either direction.
    private static async Task AskAsync(Process client, CancellationToken cancellationToken)
    {
        string marker = Guid.NewGuid().ToString("n");
        string reversed = string.Concat(marker.Reverse());
        await client.StandardInput.WriteLineAsync(marker.AsMemory(), cancellationToken);
        await client.StandardInput.FlushAsync(cancellationToken);
        while (await client.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(s_patience, cancellationToken) is { } line)
        {
            if (line.Contains(marker, StringComparison.Ordinal) || line.Contains(reversed, StringComparison.Ordinal))
            {
                return;
            }
        }

        throw new InvalidOperationException("the client ended");
    }
}
