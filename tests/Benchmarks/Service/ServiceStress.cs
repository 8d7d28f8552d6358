using System.Diagnostics;
using System.Globalization;
using ECapture.Benchmarks.Sink;
using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Local;
using ECapture.Tests.Support;

namespace ECapture.Benchmarks.Service;

/// <summary>
/// <c>make stress-service</c>: sink and query in one process with the in-process engine, under a steady load of events and many API readers, some of which
/// go away or hardly read; ended or killed every few seconds and started again. It looks for a process that stands still, ends by itself or does not end when it is told to.
/// </summary>
internal sealed class ServiceStress(string program, TimeSpan duration, int seed) : IDisposable
{
    public const string Usage = "usage: bench stress-service PROGRAM [SECONDS] [SEED]   (PROGRAM: the built ecapture; default 300 s)";

    private const int Readers = 24; // more than the engine has connections
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Random _random = new(seed);
    private readonly string _folder = Directory.CreateTempSubdirectory("ecapture-stress-").FullName;
    private long _answers;
    private long _busy;
    private long _left;
    private int _kills;

    public static async Task<int> RunAsync(string[] arguments)
    {
        int seconds = 300;
        int seed = 1;
        if (arguments.Length is 0 or > 3 || (arguments.Length > 1 && !int.TryParse(arguments[1], NumberStyles.None, CultureInfo.InvariantCulture, out seconds))
            || (arguments.Length > 2 && !int.TryParse(arguments[2], NumberStyles.None, CultureInfo.InvariantCulture, out seed)))
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        using ServiceStress stress = new(arguments[0], TimeSpan.FromSeconds(seconds), seed);
        return await stress.RunAsync();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<int> RunAsync()
    {
        string log = Path.Combine(_folder, "log");
        Directory.CreateDirectory(Path.Combine(_folder, "run"));
        LocalLog.Make(log, new LocalLogOptions());
        using CancellationTokenSource stop = new();
        Task feeding = FeedAsync(log, stop.Token);
        Stopwatch watch = Stopwatch.StartNew();
        int starts = 0;
        try
        {
            while (watch.Elapsed < duration)
            {
                starts++;
                if (await RoundAsync(log) is { } trouble)
                {
                    Console.WriteLine($"seed {seed}, start {starts}: {trouble}");
                    return 1;
                }

                await Console.Error.WriteLineAsync(FormattableString.Invariant($"{watch.Elapsed.TotalSeconds:0} s: {starts} starts, {_kills} kills, {_answers} answers, {_busy} refused as busy, {_left} left in the middle"));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await feeding;
        }

        Console.WriteLine(FormattableString.Invariant($"ok: {starts} starts, {_kills} kills, {_answers} answers, {_busy} refused as busy, {_left} left in the middle, in {watch.Elapsed.TotalSeconds:0} s"));
        return 0;
    }

    // Null, or what is wrong.
    private async Task<string?> RoundAsync(string log)
    {
        int port = FreePort.Next();
        string api = FormattableString.Invariant($"http://127.0.0.1:{port}");
        await using ServerProcess service = ServerProcess.Start(
            program, ["service", "--data", _folder, "--log", "sqlite:" + log, "--store", $"chdb:{_folder}/store", "--listen", api]);
        using HttpClient http = new() { BaseAddress = new Uri(api), Timeout = Patience };
        using CancellationTokenSource end = new();
        try
        {
            await service.WaitReadyAsync(token => IsLiveAsync(http, token), Patience, CancellationToken.None);
        }
        catch (InvalidOperationException e)
        {
            return $"{e.Message}\n{Threads(service.Id)}";
        }

        Task<string?>[] readers = [.. Enumerable.Range(0, Readers).Select(_ => ReadAsync(http, new Random(_random.Next()), end.Token))];
        Task first = await Task.WhenAny(Task.WhenAny(readers), Task.Delay(TimeSpan.FromMilliseconds(_random.Next(2_000, 9_000))));
        string? trouble = first is Task<Task<string?>> found ? await await found : null;
        if (trouble is not null || service.HasExited)
        {
            return $"{trouble ?? "the service ended by itself"}: {service.Output}\n{Threads(service.Id)}";
        }

        bool isKilled = _random.Next(4) == 0;
        _kills += isKilled ? 1 : 0;
        service.Signal(isKilled ? 9 : 15);
        using CancellationTokenSource limit = new(Patience);
        try
        {
            int exitCode = await service.WaitForExitAsync(limit.Token);
            trouble = isKilled || exitCode == 0 ? null : $"the service ended with {exitCode}: {service.Output}";
        }
        catch (OperationCanceledException)
        {
            trouble = $"the service was told to end and did not: {service.Output}\n{Threads(service.Id)}";
        }

        await end.CancelAsync();
        await Task.WhenAll(readers);
        return trouble;
    }

    private async Task<string?> ReadAsync(HttpClient http, Random random, CancellationToken cancellationToken)
    {
        string[] questions =
        [
            "/api/v1/events?module=packet&limit=3000", "/api/v1/events?limit=500", "/api/v1/pcapng?since=24h&reason=stress", "/api/v1/status", "/health/ready",
        ];
        while (!cancellationToken.IsCancellationRequested)
        {
            using CancellationTokenSource leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            bool isLeaving = random.Next(3) == 0;
            leave.CancelAfter(isLeaving ? TimeSpan.FromMilliseconds(random.Next(1, 400)) : Patience);
            string question = questions[random.Next(questions.Length)];
            try
            {
                using HttpResponseMessage response = await http.GetAsync(new Uri(question, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, leave.Token);
                using Stream body = await response.Content.ReadAsStreamAsync(leave.Token);
                byte[] buffer = new byte[32 * 1024];
                while (await body.ReadAsync(buffer, leave.Token) > 0)
                {
                    await Task.Delay(random.Next(3), leave.Token); // slower than the store
                }

                Interlocked.Increment(ref _answers);
                Interlocked.Add(ref _busy, response.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable ? 1 : 0);
            }
            catch (OperationCanceledException) when (isLeaving || cancellationToken.IsCancellationRequested)
            {
                Interlocked.Increment(ref _left);
            }
            catch (OperationCanceledException)
            {
                return $"{question} was not answered within {Patience.TotalSeconds:0} s";
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                Interlocked.Increment(ref _busy); // cut in the middle, or the service was ended
                await Task.Delay(20, CancellationToken.None);
            }
        }

        return null;
    }

    private static async Task FeedAsync(string log, CancellationToken cancellationToken)
    {
        EncodedEvents events = new(Topics.Packet);
        await using LocalLogWriter writer = LocalLog.OpenWriter(log, new LocalLogOptions());
        while (!cancellationToken.IsCancellationRequested)
        {
            await writer.AppendAsync([.. events.Next(1_000).Select(e => new LogEntry(new TopicPartition(Topics.Packet, 0), default, e))], CancellationToken.None);
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private static async Task<bool> IsLiveAsync(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync(new Uri("/health/live", UriKind.Relative), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    // What every thread of a process waits for.
    private static string Threads(int pid)
    {
        string folder = FormattableString.Invariant($"/proc/{pid}/task");
        return !Directory.Exists(folder) ? "" : string.Join('\n', Directory.EnumerateDirectories(folder).Select(task =>
            $"  {Path.GetFileName(task)} {Read(task, "comm")} {Read(task, "wchan")} {Read(task, "syscall")}"));

        static string Read(string task, string file)
        {
            try
            {
                return File.ReadAllText(Path.Combine(task, file)).Trim();
            }
            catch (IOException)
            {
                return "-"; // the thread has ended
            }
        }
    }
}
