using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Terminal.Switching;

/// <summary>
/// Two agents see the same for a while, one to go and one to stay. What happened before an instant counts as the first one saw it, what happened since as the second one did. The two programs of
/// a probe read the clock one after the other, so around that instant both count, and what both have counts once: the same bytes of the same process, as often as one of them has them.
/// Members are called one at a time, under the receiver's lock.
/// </summary>
internal sealed class Succession
{
    /// <summary>How far apart the two may see the same thing, nanoseconds: a thread may lose its processor in between.</summary>
    internal const ulong SlackNs = 100_000_000;

    private const int MostRefused = 65_536;

    private readonly Dictionary<UInt128, int> _given = [];
    private ulong _atNs = ulong.MaxValue;

    internal Succession()
    {
        First = new Side(this, isFirst: true);
        Second = new Side(this, isFirst: false);
    }

    /// <summary>What counts of the agent that goes.</summary>
    internal IEventSelection First { get; }

    /// <summary>What counts of the agent that stays. Before <see cref="Divide"/> nothing but what it says of itself, and keys.</summary>
    internal IEventSelection Second { get; }

    /// <summary>Sets the instant: so late that neither has seen what is near it.</summary>
    /// <param name="nowNs">CLOCK_BOOTTIME. The first agent has seen all that counts of it three times <see cref="SlackNs"/> later.</param>
    internal void Divide(ulong nowNs) => _atNs = nowNs + (2 * SlackNs);

    // What it is, whoever saw it. Frames may have their process in one and not in the other.
    private static UInt128 Digest(in ReceivedEvent received)
    {
        EventFields fields = received.Fields;
        PayloadFields payload = fields.Payload;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ReadOnlySpan<uint> numbers =
        [
            payload.Kind, payload.Kind == Event.PacketFieldNumber ? 0 : fields.Pid, payload.Direction, payload.State,
            payload.Kind == Event.ConnectionStateFieldNumber ? fields.LocalPort : 0, payload.Kind == Event.ConnectionStateFieldNumber ? fields.RemotePort : 0,
        ];
        hash.AppendData(MemoryMarshal.AsBytes(numbers));
        hash.AppendData(payload.Interface.Of(received.Encoded));
        hash.AppendData(payload.ClientRandom.Of(received.Encoded));
        hash.AppendData(payload.Main.Of(received.Encoded));
        hash.GetHashAndReset(digest);
        return MemoryMarshal.Read<UInt128>(digest);
    }

    private bool IsNear(ulong bootNs) => bootNs >= _atNs - SlackNs && bootNs < _atNs + SlackNs;

    private bool TakesOfFirst(in ReceivedEvent received)
    {
        if (IsNear(received.Fields.BootNs))
        {
            ++CollectionsMarshal.GetValueRefOrAddDefault(_given, Digest(received), out _);
            return true;
        }

        return received.Fields.BootNs < _atNs;
    }

    private bool TakesOfSecond(in ReceivedEvent received)
    {
        if (!IsNear(received.Fields.BootNs))
        {
            return received.Fields.BootNs >= _atNs;
        }

        UInt128 digest = Digest(received);
        if (_given.GetValueOrDefault(digest) == 0)
        {
            return true;
        }

        _given[digest]--;
        return false;
    }

    private sealed class Side(Succession succession, bool isFirst) : IEventSelection
    {
        private readonly HashSet<ulong> _refused = [];

        public bool Takes(in ReceivedEvent received)
        {
            switch (received.Kind)
            {
                case Event.TlsSecretFieldNumber: // once in every file, whoever found it
                    return true;
                case Event.ShellResultFieldNumber: // with its command
                    return !_refused.Remove(received.Fields.Payload.Command);
                case var _ when received.Topic == Topics.Agent:
                    return true;
            }

            bool takes = isFirst ? succession.TakesOfFirst(received) : succession.TakesOfSecond(received);
            if (!takes && received.Kind == Event.ShellCommandFieldNumber && _refused.Count < MostRefused)
            {
                _refused.Add(received.Fields.Payload.Command);
            }

            return takes;
        }
    }
}
