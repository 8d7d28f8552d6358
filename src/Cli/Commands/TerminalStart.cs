using System.CommandLine;
using ECapture.Cli.Options;
using ECapture.Terminal.Remote;

namespace ECapture.Cli.Commands;

/// <summary>Which of eCapture's fields hold from the start of a terminal command.</summary>
internal static class TerminalStart
{
    /// <summary>What a configuration may name and not change, by eCapture's names.</summary>
    internal static StartedWith Read(TerminalModule module, TerminalMode mode, OptionReader options)
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
}
