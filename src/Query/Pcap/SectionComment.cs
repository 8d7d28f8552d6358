using System.Text;
using ECapture.Events.Formatting;
using ECapture.Query.Pcap.Earlier;
using ECapture.Query.Pcap.Synthetic;
using ECapture.Query.Requests;
using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>What a rebuilt file says of itself, in the comment of its section.</summary>
public static class SectionComment
{
    /// <summary>Stands in a second section where the first one broke off.</summary>
    public const string Cut = "CUT: this file ends here because the store failed; packets are missing";

    private const int Longest = 4096;

    /// <summary>Stands in a second section of a file that went on until its reader was refused.</summary>
    public static string Ended(string why) => $"CUT: this file ends here: {Printable.Of(why)}";

    internal static string? Of(RebuildOptions options, Rebuild rebuild)
    {
        var text = new StringBuilder(options.Comment);
        if (options.Window is { } window)
        {
            Line(text, $"exact window: packets before {Time(window.From)} and from {Time(window.To)} on are left out; {rebuild.CutSessions} of {rebuild.Sessions} sessions reach beyond it, and one whose handshake is before it does not decrypt");
        }

        if (rebuild.SyntheticSessions > 0)
        {
            Line(text, $"synthetic: {rebuild.SyntheticSessions} of {rebuild.Sessions} sessions were not captured as packets; those on interfaces named {SyntheticPackets.Interface} were made of captured plaintext");
        }

        if (options.Keys && rebuild.SecretCounts.Complaint is { } complaint)
        {
            Line(text, complaint);
        }

        if (rebuild.Earlier.TooLong is > 0 and int tooLong)
        {
            Line(text, $"{tooLong} connections are older than the agent by more than {MadeHandshake.MostRecords} records: their secrets are here, but nothing stands for those records, so Wireshark does not decrypt them");
        }

        return text.Length == 0 ? null : text.ToString();
    }

    /// <summary>Who asked for what, and why.</summary>
    public static string Asked(string query, string actor, string reason) =>
        $"query: {(query.Length == 0 ? "everything" : Shown(query))}\nuser: {Shown(actor)}" + (string.IsNullOrWhiteSpace(reason) ? "" : $"\nreason: {Shown(reason)}");

    private static void Line(StringBuilder text, string line) => text.Append(text.Length > 0 ? "\n" : "").Append(line);

    // A line feed in what somebody asked for must not look like a line of this program's.
    private static string Shown(string text) => Printable.Of(text[..Math.Min(text.Length, Longest)]);

    private static string Time(long time) =>
        time == 0 ? "the beginning" : time == long.MaxValue ? "the end" : TimeText.Format(time);
}
