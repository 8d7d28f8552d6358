using ECapture.Query.Pcap;
using ECapture.Storage.Reading;

namespace ECapture.Query.Requests;

/// <summary>A rebuild of a pcapng file.</summary>
/// <param name="Filter">Which sessions: those of the rows that it matches.</param>
/// <param name="Options">What goes into the file.</param>
public sealed record PcapngRequest(EventFilter Filter, RebuildOptions Options)
{
    /// <summary>True: the file goes on with what is captured from now on.</summary>
    public bool IsLive { get; init; }
}
