using ECapture.Cli.Options;
using ECapture.Terminal;
using ECapture.Terminal.Delivery;
using ECapture.Terminal.Json;
using ECapture.Terminal.KeyLogs;
using ECapture.Terminal.Pcap;
using ECapture.Terminal.Text;

namespace ECapture.Cli.Commands;

/// <summary>Makes the output that a plan asks for.</summary>
internal static class TerminalOutputs
{
    /// <summary>Opens it.</summary>
    /// <exception cref="UsageException">A file cannot be written.</exception>
    internal static IEventOutput Create(TerminalPlan plan)
    {
        switch (plan.Mode)
        {
            case TerminalMode.KeyLog:
                return new KeyLogOutput(Open(TerminalOptions.KeyLogFile.Name, plan.File!, KeyLogFile.Open), Notices(plan));
            case TerminalMode.Pcapng:
                return Packets(plan);
            default:
                return new ItemOutput([ToTerminal(plan), Messages(plan)], plan.ExitStatus);
        }
    }

    private static LivePcapOutput Packets(TerminalPlan plan)
    {
        PcapOptions options = new() { RotateBytes = plan.RotateBytes, RotateAfter = plan.RotateAfter };
        PacketFilter? filter = plan.PacketFilter.Length == 0 ? null : PacketFilter.Compile(plan.PacketFilter);
        return new LivePcapOutput(
            Open(TerminalOptions.PcapFile.Name, plan.File!, path => LivePcapFile.Open(path, options)), options, filter, plan.Filter, Notices(plan));
    }

    private static ItemOutput Notices(TerminalPlan plan) => new([Messages(plan)], null);

    private static Route ToTerminal(TerminalPlan plan) => new(
        plan.IsJson ? new ItemJsonFormat(plan.Text.MostBytes) : new TextFormat(plan.Text),
        new StreamTarget(Console.OpenStandardOutput()),
        TakesItems: true,
        TakesNotices: false);

    private static Route Messages(TerminalPlan plan) => new(
        new TextFormat(plan.Text with { Colours = plan.Text.Colours && !Console.IsErrorRedirected }),
        new StreamTarget(Console.OpenStandardError()),
        TakesItems: false,
        TakesNotices: true);

    private static T Open<T>(string option, string path, Func<string, T> open)
    {
        try
        {
            return open(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{option}: cannot write {path}: {e.Message}");
        }
    }
}
