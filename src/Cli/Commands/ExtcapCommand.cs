using System.CommandLine;
using ECapture.Cli.Extcap;
using ECapture.Cli.Options;
using ECapture.Query.Pcap;
using ECapture.Query.Requests;
using ECapture.Sealing.Keys;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture extcap</c>: recorded sessions as an interface of Wireshark.</summary>
internal static class ExtcapCommand
{
    private static readonly Option<bool> s_interfaces = CommonOptions.Switch("extcap-interfaces", "list the interface");
    private static readonly Option<bool> s_linkTypes = CommonOptions.Switch("extcap-dlts", "list its link types");
    private static readonly Option<bool> s_config = CommonOptions.Switch("extcap-config", "describe the dialog");
    private static readonly Option<bool> s_capture = CommonOptions.Switch("capture", "write the sessions to --fifo");
    private static readonly Option<string?> s_interface = CommonOptions.Text("extcap-interface", "NAME", "the interface: ecapture");
    private static readonly Option<string?> s_fifo = CommonOptions.Text("fifo", "FILE", "named pipe that Wireshark reads");
    private static readonly Option<string?> s_version = CommonOptions.Text("extcap-version", "VERSION", "Wireshark's version");
    private static readonly Option<string?> s_captureFilter = CommonOptions.Text("extcap-capture-filter", "FILTER", "Wireshark's capture filter: not used, see --filter");
    private static readonly Option<bool> s_live = CommonOptions.Switch("live", "follow what is captured from now on, until Wireshark stops; needs a service");
    private static readonly Option<bool> s_noKeys = CommonOptions.Switch("no-keys", "leave the TLS secrets out");
    private static readonly Option<string?> s_directory = CommonOptions.Text("directory", "DIR", "Wireshark's extcap folder (default: the personal ones of all versions)");
    private static readonly SearchOptions s_search = new(SearchParameters.Filter);

    internal static Command Create()
    {
        Command command = CommandRunner.Create(
            "extcap",
            "Recorded sessions as an interface of Wireshark: choose time, host and filter in its dialog. Wireshark calls this; `ecapture extcap install` makes it do so.",
            [
                "ecapture extcap install",
                "tshark -i ecapture -o extcap.ecapture.since:2h",
                "tshark -i ecapture -o extcap.ecapture.live:true -Y http",
                "ecapture extcap --capture --extcap-interface ecapture --fifo /tmp/sessions --since 1h",
            ],
            [
                s_interfaces, s_linkTypes, s_config, s_capture, s_interface, s_fifo, s_version, s_captureFilter, s_live, s_noKeys, .. s_search.All,
                CommonOptions.Data, EventSource.Api, CommonOptions.Store,
            ],
            RunAsync);
        command.Subcommands.Add(CommandRunner.Create(
            "install",
            "Put a script into Wireshark's extcap folder that starts this program.",
            ["ecapture extcap install", "sudo ecapture extcap install --directory /usr/lib/x86_64-linux-gnu/wireshark/extcap"],
            [s_directory],
            InstallAsync));
        return command;
    }

    private static async Task<int> RunAsync(OptionReader options, CancellationToken cancellationToken)
    {
        if (options.IsSet(s_interfaces))
        {
            Say(ExtcapInterface.Interfaces(ProgramVersion.Text.Split('+')[0]));
            return ExitCode.Ok;
        }

        if (options.Find(s_interface) is not { } name)
        {
            throw new UsageException("extcap: Wireshark calls this; `ecapture extcap install` makes it do so, `ecapture pcap` writes a file");
        }

        if (name != ExtcapInterface.Name)
        {
            throw new UsageException($"--extcap-interface: there is no '{name}'; the interface is {ExtcapInterface.Name}");
        }

        if (options.IsSet(s_linkTypes) || options.IsSet(s_config))
        {
            Say(options.IsSet(s_linkTypes) ? ExtcapInterface.LinkTypes() : ExtcapInterface.Configuration());
            return ExitCode.Ok;
        }

        if (!options.IsSet(s_capture))
        {
            throw new UsageException("extcap: one of --extcap-interfaces, --extcap-dlts, --extcap-config or --capture is needed");
        }

        string fifo = options.Find(s_fifo) ?? throw new UsageException("extcap: --capture needs --fifo FILE");
        if (options.Find(s_captureFilter) is { Length: > 0 } captureFilter)
        {
            throw new UsageException($"extcap: the capture filter '{captureFilter}' cannot be used on recorded sessions; use the dialog's Filter, for example port == 443");
        }

        // A field that was left empty arrives as an empty option.
        List<KeyValuePair<string, string>> parameters =
            [.. s_search.Read(options).Where(p => p.Value.Length > 0), new("keys", options.IsSet(s_noKeys) ? "false" : "true"), new("reason", "Wireshark (extcap)")];
        bool isLive = options.IsSet(s_live);
        if (isLive)
        {
            // The dialog sends its defaults along.
            parameters.RemoveAll(p => p.Key is "since" or "from" or "to");
            parameters.Add(new("live", "true"));
        }

        RequestReader.ReadPcapng(parameters);
        await using EventSource source = await EventSource.OpenAsync(options, cancellationToken);
        using PrivateKeys keys = Composition.PrivateKeysOf(options, source);
        if (isLive && source.Client is null)
        {
            throw new UsageException("extcap: --live follows a service, and none runs here: start `ecapture run` or `ecapture query`, or name one with --api");
        }

        RebuildReport report;
        try
        {
            report = await PcapFile.WriteAsync(fifo, output => PcapCommand.WriteAsync(source, parameters, keys, output, cancellationToken));
        }
        catch (IOException) when (isLive)
        {
            return ExitCode.Ok; // Wireshark closed its end
        }

        await Console.Error.WriteLineAsync($"{report.Packets} packets of {report.Sessions} sessions{(report.SecretComplaint is { } complaint ? "; " + complaint : "")}");
        return ExitCode.Ok;
    }

    private static async Task<int> InstallAsync(OptionReader options, CancellationToken cancellationToken)
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("the path of this program is not known");
        foreach (string folder in options.Find(s_directory) is { } named ? [named] : ExtcapInstallation.PersonalFolders)
        {
            await Console.Out.WriteLineAsync($"wrote {ExtcapInstallation.Install(folder, program)}");
        }

        await Console.Out.WriteLineAsync("Wireshark lists the interface \"ecapture: recorded sessions\" when it starts next. If it does not, give its folder with --directory:");
        await Console.Out.WriteLineAsync("Help > About Wireshark > Folders, or `tshark -G folders`, names it.");
        return ExitCode.Ok;
    }

    private static void Say(IEnumerable<string> sentences)
    {
        foreach (string sentence in sentences)
        {
            Console.WriteLine(sentence);
        }
    }
}
