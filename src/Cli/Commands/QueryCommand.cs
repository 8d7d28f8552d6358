using System.CommandLine;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Log.Journal;
using ECapture.Query;
using ECapture.Query.Callers;
using ECapture.Query.Requests;
using ECapture.Sealing.Keys;
using ECapture.Storage;
using ECapture.Storage.Reading;
using Microsoft.Extensions.Logging;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture query</c>: the API over a store.</summary>
internal static class QueryCommand
{
    internal static Command Create() => CommandRunner.Create(
        "query",
        "Serve searches and pcapng files from a store over HTTP.",
        [
            "ecapture query --store clickhouse://ecapture@ch1:8123/ecapture --listen http://127.0.0.1:8080",
            "ecapture query --store postgres://ecapture@pg1/ecapture --key /etc/ecapture/query.key",
            "ecapture query --listen https://0.0.0.0:8443 --tls-certificate cert.pem --tls-key key.pem     # ecapture token create …",
        ],
        [CommonOptions.Data, CommonOptions.Policy, CommonOptions.Store, CommonOptions.Log, CommonOptions.Tenant, CommonOptions.HostName, CommonOptions.Key, CommonOptions.Listen, CommonOptions.InsecureListen, CommonOptions.TlsCertificate, CommonOptions.TlsKey, CommonOptions.TlsClientAuthorities, CommonOptions.RequireToken, CommonOptions.FourEyes, CommonOptions.QueryTimeout, CommonOptions.Supervised],
        RunAsync);

    /// <summary>Refuses an address that cannot be listened on.</summary>
    /// <exception cref="FormatException">It cannot be used.</exception>
    internal static void CheckListen(OptionReader options) =>
        QueryService.CheckListen(Listen(options), options.IsSet(CommonOptions.InsecureListen), options.Find(CommonOptions.TlsCertificate) is not null);

    /// <summary>Refuses four eyes where nobody has a name.</summary>
    /// <exception cref="UsageException">Nobody is asked for a token.</exception>
    internal static void CheckFourEyes(OptionReader options)
    {
        if (options.IsSet(CommonOptions.FourEyes) && options.Find(CommonOptions.TlsCertificate) is null && !options.IsSet(CommonOptions.RequireToken))
        {
            throw new UsageException($"{CommonOptions.FourEyes.Name} needs names: callers without a token are all the same person; add {CommonOptions.RequireToken.Name}, or serve https");
        }
    }

    /// <summary>Serves until it is cancelled.</summary>
    internal static Task ServeAsync(
        OptionReader options, Store store, IJournal journal, IPrivateKeys keys, ILoggerFactory loggers, Func<string?>? notReady, Action<Uri> started, CancellationToken cancellationToken,
        AdminRoutes? admin = null) =>
        QueryService.RunAsync(
            new QueryServiceOptions
            {
                Store = new EventStoreReader(store),
                Journal = journal,
                Keys = keys,
                Listen = Listen(options),
                Tokens = new TokenFile(Composition.DataOf(options).Tokens),
                RequireToken = options.IsSet(CommonOptions.RequireToken),
                FourEyes = options.IsSet(CommonOptions.FourEyes),
                Releases = Composition.DataOf(options).Releases,
                TimeLimit = TimeLimitOf(options),
                Certificate = ServiceAccess.CertificateOf(options),
                ClientAuthorities = ServiceAccess.ClientAuthoritiesOf(options),
                AllowInsecureListen = options.IsSet(CommonOptions.InsecureListen),
                Version = ProgramVersion.Text,
                Configure = builder =>
                {
                    builder.Logging.ClearProviders();
                    builder.Logging.AddProvider(new SharedLoggers(loggers));
                },
                NotReady = notReady,
                Map = admin is null ? null : admin.Map,
                Started = started,
            },
            cancellationToken);

    /// <summary>How long a question may take.</summary>
    /// <exception cref="UsageException">It is no length of time up to a day.</exception>
    internal static TimeSpan TimeLimitOf(OptionReader options)
    {
        const long Least = 1_000_000; // a millisecond
        const long Most = 24 * 3_600_000_000_000;
        return options.Find(CommonOptions.QueryTimeout) is not { } text ? TimeSpan.FromMinutes(5)
            : TimeText.TryParseDuration(text, out long limit) && limit is >= Least and <= Most ? TimeSpan.FromTicks(limit / 100)
            : throw new UsageException($"{CommonOptions.QueryTimeout.Name}: '{text}' is no length of time up to a day: a number and s, m or h, such as 30s");
    }

    private static string Listen(OptionReader options) => options.Find(CommonOptions.Listen) ?? QueryServiceOptions.DefaultListen;

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DataDirectory data = Composition.DataOf(options);
        using PrivateKeys keys = Composition.PrivateKeysOf(options, data);
        await using Store store = await StoreFactory.OpenAsync(Composition.StoreAddressOf(options, data), StoreRole.Reader, cancellationToken);
        using Telemetry.Telemetry telemetry = Telemetry.Telemetry.Start("query", options);
        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (options.IsSet(CommonOptions.Supervised))
        {
            ControlChannel.Listen(_ => { }, stopping.Cancel);
        }

        await using JournalParts journal = JournalParts.Start(options, data, "query", store, telemetry.Loggers);
        await ServeAsync(options, store, journal.Journal, keys, telemetry.Loggers, null, address => Console.WriteLine($"ready: API {address}"), stopping.Token);
        return ExitCode.Ok;
    }

    // The web server logs where everything else does.
    private sealed class SharedLoggers(ILoggerFactory loggers) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => loggers.CreateLogger(categoryName);

        public void Dispose()
        {
            // The factory is the command's.
        }
    }
}
