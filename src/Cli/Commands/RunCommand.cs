using System.CommandLine;
using System.Globalization;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Log;
using ECapture.Log.Local;
using ECapture.Sealing.Keys;
using ECapture.Storage;
using Microsoft.Extensions.Logging;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture run</c>: everything on this machine.</summary>
internal static class RunCommand
{
    private const string DefaultUser = "ecapture";

    internal static Command Create() => CommandRunner.Create(
        "run",
        "Capture, keep and serve everything on this machine. Needs root; sink and query run as --user.",
        [
            "ecapture run",
            "ecapture run --modules tls,packet --interface eth0 --listen http://127.0.0.1:9000",
            "ecapture run --exe nginx,/usr/bin/curl --port 443 --ignore prometheus",
        ],
        [
            CommonOptions.Data, CommonOptions.Modules, CommonOptions.Interfaces, CommonOptions.TlsLibraries, CommonOptions.NoPlaintext, CommonOptions.GoPrograms, CommonOptions.Btf, CommonOptions.BtfFile, CommonOptions.Policy, CommonOptions.PayloadLimit,
            CommonOptions.Tenant, CommonOptions.HostName, CommonOptions.ExcludedDatabaseUsers, CommonOptions.Log, CommonOptions.LogLimit,
            CommonOptions.SealTo, CommonOptions.Key, CommonOptions.Store, KeeperParts.Capacity, CommonOptions.Group, CommonOptions.SinkMemory, CommonOptions.Listen, CommonOptions.InsecureListen, CommonOptions.TlsCertificate, CommonOptions.TlsKey, CommonOptions.TlsClientAuthorities, CommonOptions.RequireToken, CommonOptions.FourEyes, CommonOptions.QueryTimeout, CommonOptions.User,
            .. FilterOptions.All,
        ],
        RunAsync);

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        if (!UnixAccount.IsRoot)
        {
            throw new UsageException("run: capturing needs root; start it with sudo, or run only `ecapture sink` and `ecapture query` here");
        }

        UnixAccount account = AccountOf(options);
        DataDirectory data = new(options.Find(CommonOptions.Data) ?? DataDirectory.DefaultPath);
        string servicePath = ServiceFile.PathOf(data.Root, "service");
        if (ServiceFile.ReadLive(servicePath) is { } other)
        {
            throw new UsageException($"run: {data.Root} is in use by process {other.Pid}; stop that one, or give another directory with --data");
        }

        LogAddress log = Composition.LogAddressOf(options, data);
        StoreAddress store = Composition.StoreAddressOf(options, data);
        _ = Composition.PolicyOf(options);
        _ = KernelFitOptions.Choose(options);
        await ChildProcess.CheckReachableAsync(account, cancellationToken);
        data.Create(account);
        if (options.FindAll(CommonOptions.SealTo).Count == 0)
        {
            FirstKey(data, account);
        }

        if (log.Kind == LogKind.Local)
        {
            // The service reads it, so it is there first.
            LocalLog.Make(log.Directory, new LocalLogOptions { Group = account.Gid.ToString(CultureInfo.InvariantCulture) });
        }

        // The children's working directory is another one, so every path is absolute.
        string[] common =
        [
            CommonOptions.Data.Name, data.Root, CommonOptions.Supervised.Name,
            CommonOptions.Log.Name, Absolute(log.Text),
            .. options.Find(CommonOptions.Policy) is { } policy ? (string[])[CommonOptions.Policy.Name, Path.GetFullPath(policy)] : [],
        ];
        List<string> service =
            ["service", .. common, CommonOptions.Store.Name, Absolute(store.Text)];
        Pass(service, options, KeeperParts.Capacity, CommonOptions.Group, CommonOptions.SinkMemory, CommonOptions.Listen, CommonOptions.Tenant, CommonOptions.HostName);
        service.AddRange(options.FindAll(CommonOptions.Key).SelectMany(f => (string[])[CommonOptions.Key.Name, Path.GetFullPath(f)]));
        service.AddRange(options.IsSet(CommonOptions.InsecureListen) ? [CommonOptions.InsecureListen.Name] : []);
        service.AddRange(options.IsSet(CommonOptions.RequireToken) ? [CommonOptions.RequireToken.Name] : []);
        service.AddRange(options.IsSet(CommonOptions.FourEyes) ? [CommonOptions.FourEyes.Name] : []);
        service.AddRange(options.Find(CommonOptions.QueryTimeout) is { } limit ? [CommonOptions.QueryTimeout.Name, limit] : []);
        foreach (Option<string?> file in (Option<string?>[])[CommonOptions.TlsCertificate, CommonOptions.TlsKey, CommonOptions.TlsClientAuthorities])
        {
            service.AddRange(options.Find(file) is { } path ? [file.Name, Path.GetFullPath(path)] : []);
        }

        List<string> capture = ["capture", .. common, CommonOptions.LogGroup.Name, account.Gid.ToString(CultureInfo.InvariantCulture)];
        Pass(capture, options, CommonOptions.Btf, CommonOptions.PayloadLimit, CommonOptions.Tenant, CommonOptions.HostName, CommonOptions.LogLimit);
        Pass(capture, options, [.. FilterOptions.All.OfType<Option<string?>>()]);
        PassAll(capture, options, [.. FilterOptions.All.OfType<Option<string[]>>()]);
        PassAll(capture, options, CommonOptions.Modules, CommonOptions.Interfaces, CommonOptions.ExcludedDatabaseUsers);
        capture.AddRange(options.FindAll(CommonOptions.TlsLibraries).SelectMany(f => (string[])[CommonOptions.TlsLibraries.Name, Path.GetFullPath(f)]));
        capture.AddRange(KernelFitOptions.FileOf(options) is { } types ? [CommonOptions.BtfFile.Name, types] : []);
        capture.AddRange(options.IsSet(CommonOptions.NoPlaintext) ? [CommonOptions.NoPlaintext.Name] : []);
        capture.AddRange(options.FindAll(CommonOptions.GoPrograms).SelectMany(f => (string[])[CommonOptions.GoPrograms.Name, Path.GetFullPath(f)]));
        capture.AddRange(
            Composition.SealToOf(options, data) is { } files
                ? files.SelectMany(f => (string[])[CommonOptions.SealTo.Name, f])
                : [CommonOptions.SealTo.Name, "none"]);
        foreach (List<string> child in (List<string>[])[service, capture])
        {
            Pass(child, options, CommonOptions.Otlp, CommonOptions.LogLevel, CommonOptions.LogFormat);
        }

        using Telemetry.Telemetry telemetry = Telemetry.Telemetry.Start("run", options);
        Supervisor supervisor = new(
            () => ChildProcess.Start("sink and query", account, data.Root, service),
            () => ChildProcess.Start("capture", null, data.Root, capture),
            data,
            telemetry.Loggers.CreateLogger<Supervisor>());
        return await supervisor.RunAsync(
            (serviceFile, captureFile) =>
            {
                Console.WriteLine($"ready: API {serviceFile.Api}, data {data.Root}");
                foreach (string line in captureFile.Detail)
                {
                    Console.WriteLine("  " + line);
                }
            },
            cancellationToken);
    }

    /// <summary>The user that sink and query run as.</summary>
    /// <exception cref="UsageException">There is none of that name.</exception>
    internal static UnixAccount AccountOf(OptionReader options)
    {
        string user = options.Find(CommonOptions.User) ?? DefaultUser;
        return UnixAccount.Find(user)
            ?? throw new UsageException($"{CommonOptions.User.Name}: there is no user {user}; make one with `useradd --system --no-create-home {user}`");
    }

    // A fresh data directory: whoever starts this program first shall not have to know about keys to be safe.
    private static void FirstKey(DataDirectory data, UnixAccount account)
    {
        using KeyDirectory keys = Composition.KeysOf(data, account);
        if (keys.HasRecipients)
        {
            return;
        }

        using RecipientKeyPair key = RecipientKeyPair.Create();
        keys.Add(key);
        keys.SealTo(key);
        Console.WriteLine(
            $"made key {key.Id} in {data.Keys}: captured TLS can be decrypted with it only. Losing it loses every TLS secret: `ecapture key backup FILE --data {data.Root}` now");
    }

    private static void Pass(List<string> arguments, OptionReader options, params Option<string?>[] names)
    {
        foreach (Option<string?> name in names)
        {
            if (options.Find(name) is { } value)
            {
                arguments.AddRange([name.Name, value]);
            }
        }
    }

    /// <summary>An address of a directory, seen from the root: children run there. Everything else as it is.</summary>
    internal static string Absolute(string value)
    {
        foreach (string scheme in (string[])["sqlite:", "chdb:"])
        {
            if (value.StartsWith(scheme, StringComparison.Ordinal) && value.Length > scheme.Length)
            {
                string[] parts = value[scheme.Length..].Split('?', 2);
                return scheme + string.Join('?', [Path.GetFullPath(parts[0]), .. parts.Skip(1)]);
            }
        }

        return value;
    }

    private static void PassAll(List<string> arguments, OptionReader options, params Option<string[]>[] names)
    {
        foreach (Option<string[]> name in names)
        {
            foreach (string value in options.FindAll(name))
            {
                arguments.AddRange([name.Name, value]);
            }
        }
    }
}
