using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>The sessions that a file will hold.</summary>
public sealed class Rebuild
{
    internal Rebuild(SessionSet sessions, Session[] matched)
    {
        Sessions = sessions;
        Matched = matched;
    }

    /// <summary>How many.</summary>
    public int SessionCount => Matched.Length;

    internal SessionSet Sessions { get; }

    internal Session[] Matched { get; }
}
