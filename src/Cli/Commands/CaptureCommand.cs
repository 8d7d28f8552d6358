using System.CommandLine;
using ECapture.Capture;
using ECapture.Capture.Agent;
using ECapture.Capture.Filters;
using ECapture.Cli.Health;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Events;
using ECapture.Log;
using ECapture.Log.Forwarding;
using ECapture.Log.Local;
using ECapture.Policies;
using Microsoft.Extensions.Logging;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture capture</c>: the agent, into the local log, forwarded to Kafka when one is given.</summary>
internal static partial class CaptureCommand
{
    internal static Command Create() => CommandRunner.Create(
        "capture",
        "Capture on this host into the log. Needs root. With a Kafka log, events go into DATA/log first and are forwarded from there.",
        [
            "ecapture capture --log kafka://k1:9092,k2:9092 --modules tls,bash --seal-to /etc/ecapture/recipients.pem",
            "ecapture capture --log sqlite:/var/lib/ecapture/log --modules packet,bash --interface eth0",
            "ecapture capture --exe nginx,/usr/bin/curl --port 443 --ignore prometheus",
        ],
        [
            CommonOptions.Data, CommonOptions.Modules, CommonOptions.Interfaces, CommonOptions.TlsLibraries, CommonOptions.NoPlaintext, CommonOptions.GoPrograms, CommonOptions.Btf, CommonOptions.BtfFile, CommonOptions.Policy, CommonOptions.PayloadLimit,
            CommonOptions.SealTo, CommonOptions.Tenant, CommonOptions.HostName, CommonOptions.ExcludedDatabaseUsers, CommonOptions.ExcludedPids,
            .. FilterOptions.All,
            CommonOptions.Log, CommonOptions.LogLimit, CommonOptions.LogGroup, CommonOptions.Health, CommonOptions.Supervised,
        ],
        RunAsync);

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = new(options.Find(CommonOptions.Data) ?? DataDirectory.DefaultPath);
        LogAddress address = Composition.LogAddressOf(options, data);
        Policy policy = Composition.PolicyOf(options);
        _ = ReadOptions(options, data, policy, null); // refused before anything is made
        if (!UnixAccount.IsRoot)
        {
            throw new UsageException("capture: needs root (CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_PTRACE); `ecapture doctor` says what is missing");
        }

        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using Telemetry.Telemetry telemetry = Telemetry.Telemetry.Start("capture", options);
        bool isSupervised = options.IsSet(CommonOptions.Supervised);
        if (!isSupervised)
        {
            data.Create(null);
        }

        byte[]? key = policy.Modules.Any(m => m.Redact.Count > 0) ? KeyFile.ReadOrMake(data.TruncationKey) : null;
        CaptureOptions capture = ReadOptions(options, data, policy, key);
        ILogger logger = telemetry.Loggers.CreateLogger("ECapture.Policies");
        foreach (string warning in policy.Warnings)
        {
            LogPolicy(logger, warning);
        }

        if (capture.KeepSecretsOpen)
        {
            LogOpen(logger, CommonOptions.SealTo.Name);
        }

        string directory = address.Kind == LogKind.Local ? address.Directory : data.Log;
        await using LocalLogWriter log = LocalLog.OpenWriter(directory, LogOptions(options, policy));
        CaptureAgent agent = new(capture, log, telemetry.Loggers);
        Forwarder? forwarder = address.Kind == LogKind.Kafka
            ? new Forwarder(
                directory, address, new ForwarderOptions { Host = capture.Host, Topics = Topics.Logged }, telemetry.Loggers.CreateLogger<Forwarder>())
            : null;
        await using HealthServer? health = HealthServer.AddressOf(options) is { } url
            ? await HealthServer.StartAsync(url, () => agent.Started.IsCompletedSuccessfully ? forwarder?.Trouble : "starting", cancellationToken)
            : null;
        if (isSupervised)
        {
            ControlChannel.Listen(
                instruction =>
                {
                    if (instruction.StartsWith("exclude ", StringComparison.Ordinal) && int.TryParse(instruction.AsSpan("exclude ".Length), out int pid))
                    {
                        agent.Exclude(pid);
                    }
                },
                stopping.Cancel);
        }

        Task forwarding = forwarder?.RunAsync(stopping.Token) ?? Task.Delay(Timeout.Infinite, stopping.Token);
        Task running = agent.RunAsync(stopping.Token);
        await agent.Started;
        new ServiceFile(Environment.ProcessId, DateTimeOffset.UtcNow, null, [.. agent.Outcomes.Select(Describe)])
            .Write(ServiceFile.PathOf(data.Root, "capture"));
        await using AgentSocket? answers = AgentSocket.Start(data.Root, agent, telemetry.Loggers.CreateLogger<AgentSocket>());
        try
        {
            // Whichever ends first ends the other; a failure of either is the command's.
            await await Task.WhenAny(running, forwarding);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Asked to stop.
        }
        finally
        {
            await stopping.CancelAsync();
            await running;
            await forwarding.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            File.Delete(ServiceFile.PathOf(data.Root, "capture"));
        }

        return ExitCode.Ok;
    }

    private static CaptureOptions ReadOptions(OptionReader options, DataDirectory data, Policy policy, byte[]? key)
    {
        IReadOnlyList<string>? sealTo = Composition.SealToOf(options, data);
        CaptureOptions defaults = new();
        IReadOnlyList<string> modules = options.FindAll(CommonOptions.Modules);
        return new CaptureOptions
        {
            Modules = modules.Count > 0 ? modules : defaults.Modules,
            Interfaces = options.FindAll(CommonOptions.Interfaces),
            TlsLibraries = options.FindAll(CommonOptions.TlsLibraries),
            Btf = KernelFitOptions.ModeOf(options),
            BtfFile = KernelFitOptions.FileOf(options),
            TlsPlaintext = !options.IsSet(CommonOptions.NoPlaintext),
            GoPrograms = options.FindAll(CommonOptions.GoPrograms),
            Filter = new CaptureFilter(FilterOptions.Read(options), FilterOptions.PacketsOf(options)),
            ExcludedPids = ExcludedPidsOf(options),
            ExcludedDatabaseUsers = options.FindAll(CommonOptions.ExcludedDatabaseUsers),
            // What modules put together is as long as the policy lets any of them keep.
            PayloadLimit = Math.Max(Composition.PayloadLimitOf(options), policy.Modules.Max(m => m.AgentKeep)),
            Policy = policy,
            TruncationKey = key,
            SealTo = sealTo ?? [],
            KeepSecretsOpen = sealTo is null,
            Tenant = options.Find(CommonOptions.Tenant) ?? "",
            Host = options.Find(CommonOptions.HostName) ?? defaults.Host,
        };
    }

    private static LocalLogOptions LogOptions(OptionReader options, Policy policy)
    {
        long bytes = LogLimitOf(options) ?? policy.Storage.LogBytes ?? 8L << 30;
        return new LocalLogOptions
        {
            MaxBytes = bytes,
            SegmentBytes = Math.Min(256L << 20, bytes / 8),
            Group = options.Find(CommonOptions.LogGroup),
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "TLS secrets are NOT sealed ({Option} none): whoever can read the log or the store can decrypt what was captured")]
    private static partial void LogOpen(ILogger logger, string option);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Policy: {Warning}.")]
    private static partial void LogPolicy(ILogger logger, string warning);

    /// <summary>Most bytes of the local log; null: not given.</summary>
    /// <exception cref="UsageException">It is out of range.</exception>
    internal static long? LogLimitOf(OptionReader options)
    {
        const long LeastBytes = 16L << 20;
        return options.Find(CommonOptions.LogLimit) is null ? null : options.Number(CommonOptions.LogLimit, 0, LeastBytes, long.MaxValue);
    }

    /// <summary>Refuses a group that this machine does not have.</summary>
    /// <exception cref="LogException">There is none of that name.</exception>
    internal static void CheckLogGroup(OptionReader options)
    {
        if (options.Find(CommonOptions.LogGroup) is { } group)
        {
            LocalLog.CheckGroup(group);
        }
    }

    /// <summary>The processes that are left out.</summary>
    /// <exception cref="UsageException">One is no process id.</exception>
    internal static IReadOnlyList<int> ExcludedPidsOf(OptionReader options) => [.. options.FindAll(CommonOptions.ExcludedPids).Select(ParsePid)];

    private static int ParsePid(string text) =>
        int.TryParse(text, out int pid) && pid > 0
            ? pid
            : throw new UsageException($"{CommonOptions.ExcludedPids.Name}: '{text}' is no process id");

    private static string Describe(ModuleOutcome outcome) =>
        outcome.IsRunning
            ? $"{outcome.Name}: {(outcome.Detail.Length == 0 ? "on" : outcome.Detail)}"
            : $"{outcome.Name}: not captured: {outcome.Detail}";
}
