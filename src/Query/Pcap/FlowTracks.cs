using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>The tracks of all flows that have a wanted session.</summary>
internal sealed class FlowTracks
{
    private readonly Dictionary<ulong, List<FlowTrack>> _tracks = [];

    public FlowTracks(SessionSet sessions, bool manyHosts)
    {
        foreach (FlowSessions flow in sessions.Flows)
        {
            if (!flow.Sessions.Any(s => s.IsMatched))
            {
                continue;
            }

            if (!_tracks.TryGetValue(flow.Key.Flow, out List<FlowTrack>? list))
            {
                _tracks.Add(flow.Key.Flow, list = new List<FlowTrack>(1));
            }

            list.Add(new FlowTrack(flow, manyHosts ? flow.Key.Host : null));
        }
    }

    public FlowTrack? Find(IPacketCursor packet)
    {
        if (_tracks.TryGetValue(packet.Flow, out List<FlowTrack>? list))
        {
            ReadOnlySpan<byte> host = packet.Host;
            uint networkNamespace = packet.NetworkNamespace;
            foreach (FlowTrack track in list)
            {
                if (track.Is(host, networkNamespace))
                {
                    return track;
                }
            }
        }

        return null;
    }
}
