using System.CommandLine;
using System.Globalization;
using ECapture.Cli.Options;
using ECapture.Terminal.Filters;
using ECapture.Terminal.Remote;

namespace ECapture.Cli.Commands;

/// <summary>Reads what a terminal command shows, and which of eCapture's fields hold from its start.</summary>
internal static class TerminalRules
{
    private const uint LargestPid = 4_194_304; // PID_MAX_LIMIT

    /// <summary>Reads the filters.</summary>
    /// <param name="module">The command.</param>
    /// <param name="options">Its options.</param>
    /// <exception cref="UsageException">One cannot be used.</exception>
    internal static EventRules Read(TerminalModule module, OptionReader options) => new()
    {
        Pids = [.. Numbers(options.Find(TerminalOptions.Pid), TerminalOptions.Pid, LargestPid).Select(Running)],
        Uids = Numbers(options.Find(TerminalOptions.Uid), TerminalOptions.Uid, uint.MaxValue),
        Names = options.FindAll(TerminalOptions.Processes),
        Ignored = options.FindAll(TerminalOptions.Ignored),
        Executables = options.FindAll(TerminalOptions.Executables),
        Cgroups = [.. options.FindAll(TerminalOptions.Cgroups).Select(EventRules.CgroupPath)],
        Containers = options.FindAll(TerminalOptions.Containers),
        Ports = TerminalOptions.Of(module).Contains(TerminalOptions.Ports) ? [.. options.FindAll(TerminalOptions.Ports).Select(Port)] : [],
    };

    /// <summary>What a configuration may name and not change, by eCapture's names.</summary>
    internal static StartedWith ReadStartedWith(TerminalModule module, TerminalMode mode, OptionReader options)
    {
        string Text(Option<string?> option) => options.Find(option) ?? "";
        string modeName = mode switch { TerminalMode.KeyLog => "keylog", TerminalMode.Pcapng => "pcapng", _ => "text" };
        string interfaces = module.Kind == TerminalKind.Tls ? string.Join(',', options.FindAll(TerminalOptions.Interfaces)) : "";
        string filter = module.Kind == TerminalKind.Tls ? string.Join(' ', options.Words(TerminalOptions.PacketFilter)) : "";
        StartedWith fields = new StartedWith()
            .With("per_cpu_map_size", TerminalPlan.MapKilobytes(options) * 1024)
            .With("logger_addr", Text(TerminalOptions.LogAddress))
            .With("event_collector_addr", Text(TerminalOptions.EventAddress))
            .With("ecapture_q", Text(TerminalOptions.ECaptureQ))
            .With("listen", options.OnCommandLine(TerminalOptions.Listen) ?? "")
            .With("addr_type", 0L)
            .With("cgroup_path", "")
            .With("perf_reorder", true) // events are always in order here
            .With("perf_reorder_lag_ms", 0L);
        return module.Name switch
        {
            "tls" => fields.With("opensslpath", Text(TerminalOptions.LibSsl)).With("sslversion", "").With("capturemode", modeName)
                .With("keylogfile", Text(TerminalOptions.KeyLogFile)).With("pcapfile", Text(TerminalOptions.PcapFile)).With("ifname", interfaces).With("pcapfilter", filter),
            "gotls" => fields.With("elf_path", Text(TerminalOptions.GoProgram)).With("capture_mode", modeName)
                .With("keylog_file", Text(TerminalOptions.KeyLogFile)).With("pcap_file", Text(TerminalOptions.PcapFile)).With("ifname", interfaces).With("pcap_filter", filter),
            "bash" => fields.With("bashpath", Text(TerminalOptions.Bash)).With("readline", Text(TerminalOptions.Readline)),
            "nss" => fields.With("nss_path", "").With("nspr_path", Text(TerminalOptions.Nspr)),
            _ => fields,
        };
    }

    // 0 alone stands for all.
    private static IReadOnlyList<uint> Numbers(string? text, Option option, uint most)
    {
        if (text is null or "0")
        {
            return [];
        }

        return [.. text.Split(',', StringSplitOptions.TrimEntries).Select(t =>
            uint.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number <= most
                ? number
                : throw new UsageException($"{option.Name}: '{t}' is no whole number from 0 to {most}"))];
    }

    private static uint Running(uint pid) => Directory.Exists($"/proc/{pid}")
        ? pid
        : throw new UsageException($"{TerminalOptions.Pid.Name}: there is no process {pid}");

    private static ushort Port(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            ? port
            : throw new UsageException($"{TerminalOptions.Ports.Name}: '{text}' is no port from 1 to 65535");
}
