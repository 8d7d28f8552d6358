using System.CommandLine;
using ECapture.Capture;
using ECapture.Capture.Bpf;
using ECapture.Capture.Filters;
using ECapture.Cli.Options;
using ECapture.Events;
using ECapture.Terminal;
using ECapture.Terminal.Remote;
using ECapture.Terminal.Text;

namespace ECapture.Cli.Commands;

/// <summary>What a terminal command was asked to do, checked.</summary>
internal sealed class TerminalPlan
{
    private const int DefaultMapKilobytes = 32 * 1024;

    private TerminalPlan()
    {
    }

    internal required TerminalModule Module { get; init; }

    internal required TerminalMode Mode { get; init; }

    internal required CaptureOptions Capture { get; init; }

    /// <summary>Which BPF objects it begins with.</summary>
    internal required KernelFit Fit { get; init; }

    /// <summary>What is captured.</summary>
    internal required CaptureFilter Filter { get; init; }

    /// <summary>How it is shown; with colours where standard output is a terminal.</summary>
    internal required Live<TextOptions> Text { get; init; }

    internal required bool IsJson { get; init; }

    internal required int? ExitStatus { get; init; }

    internal required bool IsDebug { get; init; }

    /// <summary>The file of keylog and pcapng mode; null: none.</summary>
    internal required string? File { get; init; }

    /// <summary>Bytes after which a file is put aside; 0: never.</summary>
    internal required long RotateBytes { get; init; }

    /// <summary>Age at which a file is put aside; zero: never.</summary>
    internal required TimeSpan RotateAfter { get; init; }

    /// <summary>Where the configuration is changed from; null: nowhere.</summary>
    internal required ConfigServerOptions? Listen { get; init; }

    /// <summary>The configuration as a file; null: none.</summary>
    internal required string? SettingsFile { get; init; }

    /// <summary>What the configuration may name and not change.</summary>
    internal required StartedWith StartedWith { get; init; }

    /// <summary>Where else it goes.</summary>
    internal required TerminalDestinations Destinations { get; init; }

    /// <summary>What the user should know of his options.</summary>
    internal required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Reads and checks the options.</summary>
    /// <exception cref="UsageException">One cannot be used.</exception>
    internal static TerminalPlan Read(TerminalModule module, OptionReader options)
    {
        TerminalMode mode = ReadMode(module, options);
        KernelFit fit = KernelFitOptions.Choose(options);
        Option<string?>[] own = [.. TerminalOptions.Of(module).OfType<Option<string?>>()];
        ConfigServerOptions? listen = ReadListen(options);
        string? settings = options.Find(TerminalOptions.Settings);
        // Who may be asked for later must be traced from the start.
        CaptureFilter filter = new(
            FilterOptions.Read(options, hasPorts: module.Kind != TerminalKind.Shell, zeroIsEverybody: true), ReadPacketFilter(mode, module, options),
            isFixed: listen is null && settings is null);
        return new TerminalPlan
        {
            Module = module,
            Mode = mode,
            Capture = ReadCapture(module, mode, own, options) with { Filter = filter },
            Fit = fit,
            Filter = filter,
            Text = new Live<TextOptions>(new TextOptions(
                options.IsSet(TerminalOptions.Hex),
                (int)options.Number(TerminalOptions.TruncateSize, 0, 0, int.MaxValue),
                !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")))),
            IsJson = options.IsSet(TerminalOptions.Json),
            ExitStatus = own.Contains(TerminalOptions.ExitStatus) ? ReadExitStatus(options) : null,
            IsDebug = options.IsSet(TerminalOptions.Debug),
            File = mode switch
            {
                TerminalMode.KeyLog => ReadFile(options, TerminalOptions.KeyLogFile, $"ecapture_{(module.Name == "tls" ? "openssl" : module.Name)}_key.log"),
                TerminalMode.Pcapng => ReadFile(options, TerminalOptions.PcapFile, "save.pcapng"),
                _ => null,
            },
            RotateBytes = TerminalDestinations.RotateBytes(options),
            RotateAfter = TerminalDestinations.RotateAfter(options),
            Listen = listen,
            SettingsFile = settings,
            StartedWith = TerminalStart.Read(module, mode, options),
            Destinations = TerminalDestinations.Read(options),
            Notes =
            [
                .. own.Where(o => TerminalOptions.NotNeeded.Contains(o) && options.Find(o) is not null).Select(o => $"{o.Name} is not needed and has no effect"),
                .. Describe(fit) is { } objects ? [objects] : (string[])[],
            ],
        };
    }

    /// <summary>Which BPF objects a mode comes to, with the types that were given at the start.</summary>
    /// <exception cref="CaptureException">What it needs is not there.</exception>
    internal KernelFit FitOf(BtfMode mode) => KernelFit.Choose(mode, FileFor(mode), Capture.KernelBtf);

    /// <summary>What to capture, with other BPF objects.</summary>
    internal CaptureOptions CaptureWith(BtfMode mode) => Capture with { Btf = mode, BtfFile = FileFor(mode) };

    /// <summary>What a user should know of the objects; null: nothing.</summary>
    internal static string? Describe(KernelFit fit) => fit.Set switch
    {
        ObjectSet.Kernel => null,
        ObjectSet.Plain => $"{fit.Reason}; {KernelFit.PlainLimits}",
        _ => fit.Reason,
    };

    private string? FileFor(BtfMode mode) => mode == BtfMode.None ? null : Capture.BtfFile;

    private static CaptureOptions ReadCapture(TerminalModule module, TerminalMode mode, Option<string?>[] own, OptionReader options)
    {
        return new CaptureOptions
        {
            Modules = mode == TerminalMode.Pcapng ? [module.Name, "packet"] : [module.Name],
            Interfaces = mode == TerminalMode.Pcapng ? options.FindAll(TerminalOptions.Interfaces) : [],
            Btf = KernelFitOptions.ModeOf(options),
            BtfFile = KernelFitOptions.FileOf(options),
            KeepSecretsOpen = true, // they are shown, and kept nowhere else
            TlsLibraries = Files(own, options, TerminalOptions.LibSsl),
            GnuTlsLibraries = Files(own, options, TerminalOptions.GnuTls),
            GoPrograms = Files(own, options, TerminalOptions.GoProgram),
            ReadlineLibraries = Files(own, options, TerminalOptions.Readline),
            BashPrograms = Files(own, options, TerminalOptions.Bash),
            ZshPrograms = Files(own, options, TerminalOptions.Zsh),
            NssLibraries = Files(own, options, TerminalOptions.Nspr),
            MysqldPrograms = Files(own, options, TerminalOptions.Mysqld),
            PostgresPrograms = Files(own, options, TerminalOptions.Postgres),
            QueueLimit = MapKilobytes(options) * 1024 * Environment.ProcessorCount,
        };
    }

    /// <summary>KiB for each processor of what waits to be written.</summary>
    /// <exception cref="UsageException">It is out of range.</exception>
    internal static long MapKilobytes(OptionReader options) => options.Number(TerminalOptions.MapSize, DefaultMapKilobytes, 1024, 1024 * 1024);

    private static TerminalMode ReadMode(TerminalModule module, OptionReader options)
    {
        if (module.Kind != TerminalKind.Tls)
        {
            return TerminalMode.Text;
        }

        return options.Choice(TerminalOptions.Mode, "text", "text", "keylog", "key", "pcapng", "pcap") switch
        {
            "text" => TerminalMode.Text,
            "keylog" or "key" => TerminalMode.KeyLog,
            _ => TerminalMode.Pcapng,
        };
    }

    private static string ReadPacketFilter(TerminalMode mode, TerminalModule module, OptionReader options)
    {
        IReadOnlyList<string> words = module.Kind == TerminalKind.Tls ? options.Words(TerminalOptions.PacketFilter) : [];
        if (words.FirstOrDefault(w => w.Length > 1 && w[0] == '-') is { } unknown)
        {
            string? nearest = NearestName.Find(unknown, TerminalOptions.Of(module).Concat(TerminalOptions.Common).SelectMany(o => o.Aliases.Prepend(o.Name)));
            throw new UsageException($"unknown option {unknown}{(nearest is null ? "" : $"; did you mean {nearest}?")} (see `ecapture {module.Name} --help`)");
        }

        return words.Count == 0 || mode == TerminalMode.Pcapng
            ? string.Join(' ', words)
            : throw new UsageException($"unknown argument {words[0]}: a packet filter needs -m pcapng (see `ecapture {module.Name} --help`)");
    }

    private static int? ReadExitStatus(OptionReader options)
    {
        const int All = 128;
        long status = options.Number(TerminalOptions.ExitStatus, All, 0, 255);
        return status == All ? null : (int)status;
    }

    private static ConfigServerOptions? ReadListen(OptionReader options)
    {
        try
        {
            return options.OnCommandLine(TerminalOptions.Listen) is { } text
                ? ConfigServerOptions.Parse(
                    text,
                    Environment.GetEnvironmentVariable("ECAPTURE_LISTEN_TOKEN") is { Length: > 0 } token ? token : null,
                    options.IsSet(TerminalOptions.ListenOpen))
                : null;
        }
        catch (FormatException e)
        {
            throw new UsageException($"{TerminalOptions.Listen.Name}: {e.Message}");
        }
    }

    private static string ReadFile(OptionReader options, Option<string?> option, string fallback)
    {
        string path = options.Find(option) ?? fallback;
        return path.Length > 0 ? path : throw new UsageException($"{option.Name}: names no file");
    }

    private static string[] Files(Option<string?>[] own, OptionReader options, Option<string?> option) =>
        own.Contains(option) && options.Find(option) is { } file
            ? System.IO.File.Exists(file) ? [file] : throw new UsageException($"{option.Name}: there is no file {file}")
            : [];
}
