using System.Globalization;
using ECapture.Events.Formatting;

namespace ECapture.Query.Pcap;

/// <summary>The comment of a packet, for readers that do not know process blocks: <c>curl (pid 1234)</c>.</summary>
internal static class ProcessComment
{
    public static string Of(string name, uint pid, string? host)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{(name.Length == 0 ? "process" : name)} (pid {pid})");
        return Printable.Of(host is null ? text : $"{text} on {host}");
    }
}
