using System.Net.Sockets;
using System.Text.Json;
using ECapture.Capture.Agent;
using ECapture.Cli.Options;
using Microsoft.Extensions.Logging;

namespace ECapture.Cli.Supervision;

/// <summary>
/// Where the agent says how its modules are: a UNIX socket in the data directory that only its own user opens. Whoever connects gets an <see cref="AgentReport"/> as JSON, and the end.
/// </summary>
internal sealed partial class AgentSocket : IAsyncDisposable
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly Socket _listener;
    private readonly string _path;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private AgentSocket(Socket listener, string path, CaptureAgent agent, ILogger logger)
    {
        _listener = listener;
        _path = path;
        _serving = ServeAsync(agent, logger);
    }

    /// <summary>Path of the socket of a data directory.</summary>
    internal static string PathOf(string data) => Path.Combine(data, "run", "capture.sock");

    /// <summary>Begins to answer.</summary>
    /// <returns>Null where the path is too long for a socket (108 bytes, unix(7)): capture does without.</returns>
    internal static AgentSocket? Start(string data, CaptureAgent agent, ILogger logger)
    {
        string path = PathOf(data);
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(path); // of an agent that was killed
            listener.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            listener.Listen();
            return new AgentSocket(listener, path, agent, logger);
        }
        catch (Exception e) when (e is ArgumentException or SocketException or IOException or UnauthorizedAccessException)
        {
            listener.Dispose();
            LogNone(logger, path, e.Message);
            return null;
        }
    }

    /// <summary>Asks the agent of a data directory.</summary>
    /// <returns>Null: none runs.</returns>
    /// <exception cref="UsageException">This user may not ask.</exception>
    /// <exception cref="IOException">It does not answer.</exception>
    internal static async Task<AgentReport?> AskAsync(string data, CancellationToken cancellationToken)
    {
        string path = PathOf(data);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_patience);
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), limit.Token);
            using NetworkStream stream = new(socket);
            return await JsonSerializer.DeserializeAsync<AgentReport>(stream, s_json, limit.Token);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new UsageException($"{path}: only the agent's own user may ask it: run this as root");
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return null; // nobody listens
        }
        catch (Exception e) when (e is JsonException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"the agent at {path} does not answer: it is starting or stopping; ask again", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        File.Delete(_path);
        _stop.Dispose();
    }

    // One asker at a time: there is nothing to wait for but the agent's next tick.
    private async Task ServeAsync(CaptureAgent agent, ILogger logger)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using Socket asker = await _listener.AcceptAsync(_stop.Token);
                byte[] report = JsonSerializer.SerializeToUtf8Bytes(await agent.ReportAsync().WaitAsync(_stop.Token), s_json);
                using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                limit.CancelAfter(s_patience); // who does not read must not keep the others waiting
                using NetworkStream stream = new(asker);
                await stream.WriteAsync(report, limit.Token);
            }
            catch (OperationCanceledException)
            {
                // The agent stops, or the asker does not read.
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                LogAsker(logger, e.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "`ecapture modules` cannot ask this agent: {Path}: {Why}")]
    private static partial void LogNone(ILogger logger, string path, string why);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Somebody asked for the modules and left: {Why}")]
    private static partial void LogAsker(ILogger logger, string why);
}
