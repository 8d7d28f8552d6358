using System.CommandLine;
using ECapture.Capture;
using ECapture.Capture.Modules;
using ECapture.Cli.Admin;
using ECapture.Cli.Commands;
using ECapture.Cli.Health;
using ECapture.Events;
using ECapture.Log;
using ECapture.Sealing;
using ECapture.Sealing.Keys;
using ECapture.Storage;

namespace ECapture.Cli.Options;

/// <summary>
/// Reads every option of a command before it does anything, so that all that is wrong is said at once, wherever it was given: command line, environment,
/// configuration file, policy file.
/// </summary>
internal static class OptionChecks
{
    private static readonly (Option Option, Action<OptionReader> Read)[] s_checks =
    [
        (CommonOptions.LogLevel, static o => Telemetry.Telemetry.Level(o)),
        (CommonOptions.LogFormat, static o => Telemetry.Telemetry.IsJson(o)),
        (CommonOptions.Otlp, static o => Telemetry.Telemetry.Collector(o)),
        (CommonOptions.Modules, Modules),
        (CommonOptions.PayloadLimit, static o => Composition.PayloadLimitOf(o)),
        (CommonOptions.ExcludedPids, static o => CaptureCommand.ExcludedPidsOf(o)),
        (FilterOptions.Pid, static o => FilterOptions.PidsOf(o)),
        (FilterOptions.Uid, static o => FilterOptions.UidsOf(o)),
        (FilterOptions.Ports, static o => FilterOptions.PortsOf(o)),
        (FilterOptions.Packets, static o => FilterOptions.PacketsOf(o)),
        (CommonOptions.Log, static o => Composition.LogAddressOf(o, Composition.DataOf(o))),
        (CommonOptions.LogLimit, static o => CaptureCommand.LogLimitOf(o)),
        (CommonOptions.Store, static o => Composition.StoreAddressOf(o, Composition.DataOf(o))),
        (CommonOptions.SinkMemory, static o => SinkParts.MemoryOf(o)),
        (KeeperParts.Capacity, static o => KeeperParts.CapacityOf(o)),
        (CommonOptions.TlsCertificate, static o => ServiceAccess.CertificateOf(o)?.Dispose()),
        (CommonOptions.TlsClientAuthorities, static o => ServiceAccess.ClientAuthoritiesOf(o)),
        (CommonOptions.Listen, QueryCommand.CheckListen),
        (CommonOptions.FourEyes, QueryCommand.CheckFourEyes),
        (CommonOptions.QueryTimeout, static o => QueryCommand.TimeLimitOf(o)),
        (CommonOptions.Health, static o => HealthServer.AddressOf(o)),
        (CommonOptions.SealTo, Recipients),
        (CommonOptions.Listen, PrivateKeys), // who serves; a command that asks a service needs none of the files that the machine's configuration names
        (CommonOptions.LogGroup, static o => CaptureCommand.CheckLogGroup(o)),
        (CommonOptions.User, static o => RunCommand.AccountOf(o)),
        (CommonOptions.Btf, static o => KernelFitOptions.ModeOf(o)),
        (AdminOptions.Since, static o => AdminOptions.Time(o, AdminOptions.Since)),
        (AdminOptions.Until, static o => AdminOptions.Time(o, AdminOptions.Until)),
        (CommonOptions.Policy, static o => Composition.StorePolicyOf(o)),
    ];

    /// <summary>Refuses what cannot be used.</summary>
    /// <param name="command">The command.</param>
    /// <param name="options">Its options.</param>
    /// <param name="errors">What is wrong already.</param>
    /// <exception cref="UsageException">Something is; the message holds all of it.</exception>
    internal static void Run(Command command, OptionReader options, IReadOnlyList<string> errors)
    {
        List<(string? Option, string Message)> found = [.. errors.Select(e => ((string?)null, e))];
        IEnumerable<(Option Option, Action<OptionReader> Read)> switches = command.Options.OfType<Option<bool>>().Select(o => ((Option)o, (Action<OptionReader>)(r => r.IsSet(o))));
        foreach ((Option option, Action<OptionReader> read) in switches.Concat(s_checks.Where(c => command.Options.Contains(c.Option))))
        {
            try
            {
                read(options);
            }
            catch (Exception e) when (e is UsageException or FormatException or CaptureException or LogException or StoreException or SealingException)
            {
                found.Add((option.Name, e.Message));
            }
        }

        if (found.Count == 1)
        {
            throw new UsageException(found[0].Message);
        }

        if (found.Count > 1)
        {
            throw new UsageException(
                $"{found.Count} settings cannot be used, nothing was started:\n" + string.Join('\n', found.Select(f => "  " + Named(f.Option, f.Message))));
        }
    }

    private static string Named(string? option, string message) =>
        (option is null || message.Contains(option, StringComparison.Ordinal) ? message : $"{option}: {message}").Replace("\n", "\n    ", StringComparison.Ordinal);

    // Those of the data directory are made when there are none.
    private static void Recipients(OptionReader options)
    {
        IReadOnlyList<string>? files = Composition.SealToOf(options, Composition.DataOf(options));
        foreach (string file in options.FindAll(CommonOptions.SealTo).Count > 0 && files is not null ? files : [])
        {
            foreach (RecipientKey key in RecipientFile.Read(file))
            {
                key.Dispose();
            }
        }
    }

    private static void PrivateKeys(OptionReader options)
    {
        try
        {
            Composition.PrivateKeysOf(options, Composition.DataOf(options)).Dispose();
        }
        catch (SealingException e)
        {
            throw new UsageException($"{CommonOptions.Key.Name}: {e.Message}");
        }
    }

    private static void Modules(OptionReader options)
    {
        string[] known = [.. CaptureModules.Names, "connection"];
        string[] unknown = [.. options.FindAll(CommonOptions.Modules).Where(m => !known.Contains(m))];
        if (unknown.Length > 0)
        {
            throw new UsageException(string.Join("; ", unknown.Select(m =>
                $"--modules: there is no module {m}{(NearestName.Find(m, known) is { } nearest ? $" (did you mean {nearest}?)" : "")}"))
                + $": the modules are {string.Join(", ", CaptureModules.Names)}");
        }
    }
}
