using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>
/// Where a build of a TLS library keeps secrets in its connection objects, learned from connections whose secrets were captured: their bytes are looked for in the object. Places that several
/// connections do not agree on are dropped. It only ever proposes: what is read by it counts when a record verifies.
/// </summary>
internal sealed class SecretLayout
{
    private const int EnoughSamples = 3;

    private readonly Dictionary<SecretField, (HashSet<FieldLocation> Places, int Samples)> _fields = [];
    private readonly Dictionary<bool, HashSet<NumberLocation>> _numbers = [];
    private Dictionary<int, HashSet<ulong>>? _marks;

    /// <summary>Changes with everything that is learned.</summary>
    internal int Version { get; private set; }

    /// <summary>True when a secret of either version can be read.</summary>
    internal bool IsUseful =>
        IsKnown(SecretField.ClientRandom) && (IsKnown(SecretField.MasterSecret) || IsKnown(SecretField.ClientTraffic) || IsKnown(SecretField.ServerTraffic));

    /// <summary>True when more samples of a field would teach nothing.</summary>
    internal bool IsSettled(SecretField field) => _fields.TryGetValue(field, out (HashSet<FieldLocation>, int Samples) known) && known.Samples >= EnoughSamples;

    /// <summary>Learns from a connection.</summary>
    /// <param name="memory">Its object.</param>
    /// <param name="field">Which secret.</param>
    /// <param name="secret">What it is.</param>
    /// <param name="clientRandom">32 bytes.</param>
    /// <returns>False when the object does not hold them (yet, or any more).</returns>
    internal bool Learn(ObjectMemory memory, SecretField field, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> clientRandom)
    {
        List<FieldLocation> secrets = memory.Find(secret);
        List<FieldLocation> randoms = memory.Find(clientRandom);
        if (secrets.Count == 0 || randoms.Count == 0)
        {
            return false;
        }

        Add(field, secrets);
        Add(SecretField.ClientRandom, randoms);
        Version++;
        return true;
    }

    private void Add(SecretField field, List<FieldLocation> found)
    {
        if (!_fields.TryGetValue(field, out (HashSet<FieldLocation> Places, int Samples) known))
        {
            known = ([.. found], 0);
        }
        else if (known.Places.Overlaps(found))
        {
            known.Places.IntersectWith(found);
        }
        else
        {
            known = ([.. found], 0); // the first sample was a copy that went by
        }

        _fields[field] = known with { Samples = known.Samples + 1 };
    }

    /// <summary>Where objects point into their library, and to what of it; empty: not known, or nowhere.</summary>
    internal IReadOnlyDictionary<int, HashSet<ulong>> Marks => _marks ?? [];

    /// <summary>Learns where an object points into its library, and to what.</summary>
    internal void LearnMarks(IReadOnlyDictionary<int, ulong> marks)
    {
        _marks = _marks is null
            ? marks.ToDictionary(m => m.Key, m => new HashSet<ulong> { m.Value })
            : _marks.Where(m => marks.ContainsKey(m.Key)).ToDictionary(m => m.Key, m => new HashSet<ulong>(m.Value) { marks[m.Key] });
    }

    /// <summary>The places of a field.</summary>
    internal IReadOnlyCollection<FieldLocation> Places(SecretField field) => _fields.TryGetValue(field, out (HashSet<FieldLocation> Places, int) known) ? known.Places : [];

    /// <summary>The places that count the records of a direction; empty: not known.</summary>
    internal IReadOnlyCollection<NumberLocation> Numbers(bool isSent) => _numbers.GetValueOrDefault(isSent) ?? [];

    /// <summary>Learns where records are counted.</summary>
    /// <param name="memory">An object.</param>
    /// <param name="isSent">The direction.</param>
    /// <param name="expected">About what it had counted.</param>
    internal void LearnNumber(ObjectMemory memory, bool isSent, ulong expected)
    {
        const ulong Least = 64; // lower ones are everywhere
        const ulong Slack = 16;
        if (expected < Least)
        {
            return;
        }

        HashSet<NumberLocation> found = [.. memory.Numbers(Least).Where(n => n.Value + Slack >= expected && n.Value <= expected + Slack).Select(n => n.Place)];
        if (_numbers.TryGetValue(isSent, out HashSet<NumberLocation>? known) && known.Overlaps(found))
        {
            known.IntersectWith(found);
        }
        else if (found.Count > 0)
        {
            _numbers[isSent] = found;
        }
    }

    private bool IsKnown(SecretField field) => _fields.ContainsKey(field);
}
