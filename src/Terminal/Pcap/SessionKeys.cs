using System.Runtime.InteropServices;

namespace ECapture.Terminal.Pcap;

/// <summary>
/// Which flows began a TLS session whose keys are not all here yet. A session that gets none is waited for as long as for one whose program is slow: a
/// bounded time.
/// </summary>
/// <param name="patienceNs">How long after its ClientHello a session is waited for.</param>
internal sealed class SessionKeys(ulong patienceNs)
{
    private const int MostSessions = 65_536;

    private readonly Dictionary<ulong, (UInt128 Random, ulong SinceNs)> _waiting = [];
    private readonly Dictionary<UInt128, Parts> _keys = [];
    private readonly Queue<UInt128> _order = [];

    [Flags]
    private enum Parts
    {
        None = 0,
        Client = 1,
        Server = 2,
        All = Client | Server,
    }

    /// <summary>A ClientHello was seen in a flow.</summary>
    internal void OnHello(ulong flow, ReadOnlySpan<byte> random, ulong bootNs)
    {
        UInt128 key = Key(random);
        if (_keys.GetValueOrDefault(key) != Parts.All && _waiting.Count < MostSessions)
        {
            _waiting[flow] = (key, bootNs);
        }
    }

    /// <summary>A secret came.</summary>
    internal void OnSecret(ReadOnlySpan<byte> label, ReadOnlySpan<byte> random)
    {
        // TLS 1.2 has one; of TLS 1.3 the traffic secrets are the last that a packet needs.
        Parts part = label.SequenceEqual("CLIENT_RANDOM"u8) ? Parts.All
            : label.SequenceEqual("CLIENT_TRAFFIC_SECRET_0"u8) ? Parts.Client
            : label.SequenceEqual("SERVER_TRAFFIC_SECRET_0"u8) ? Parts.Server
            : Parts.None;
        if (part == Parts.None || random.Length != 32)
        {
            return;
        }

        ref Parts parts = ref CollectionsMarshal.GetValueRefOrAddDefault(_keys, Key(random), out bool exists);
        parts |= part;
        if (!exists)
        {
            _order.Enqueue(Key(random));
            if (_order.Count > MostSessions)
            {
                _keys.Remove(_order.Dequeue());
            }
        }
    }

    /// <summary>True while packets of the flow should wait.</summary>
    internal bool IsWaiting(ulong flow, ulong nowNs)
    {
        if (flow == 0 || !_waiting.TryGetValue(flow, out (UInt128 Random, ulong SinceNs) session))
        {
            return false;
        }

        if (_keys.GetValueOrDefault(session.Random) == Parts.All || nowNs > session.SinceNs + patienceNs)
        {
            _waiting.Remove(flow);
            return false;
        }

        return true;
    }

    /// <summary>Forgets flows that were waited for long enough.</summary>
    internal void Tick(ulong nowNs)
    {
        foreach (ulong flow in _waiting.Where(w => nowNs > w.Value.SinceNs + patienceNs).Select(w => w.Key).ToArray())
        {
            _waiting.Remove(flow);
        }
    }

    private static UInt128 Key(ReadOnlySpan<byte> random) => MemoryMarshal.Read<UInt128>(random);
}
