using System.Collections.Concurrent;
using System.Globalization;
using ECapture.Capture.Elf;

namespace ECapture.Capture.Symbols;

/// <summary>
/// Finds, without tables of versions or struct offsets, the function of a TLS library that every secret passes through: all places in the code
/// that hand one of the key log's label strings to a call vote for the function they call. What is not certain is not given.
/// </summary>
/// <param name="clientRandom">The library's accessor of the client random.</param>
public sealed class KeyLogResolver(FieldAccessor clientRandom)
{
    private const int LeastWeight = 5; // two labels at least
    private const int LeastLabels = 2;
    private const int EntryInstructions = 16;
    private const int MostCached = 4096;

    private readonly ConcurrentDictionary<string, KeyLogResolution> _byBuildId = [];

    /// <summary>For OpenSSL.</summary>
    public KeyLogResolver()
        : this(FieldAccessor.OpenSslClientRandom)
    {
    }

    /// <summary>Resolves a library or program; each build once.</summary>
    /// <exception cref="CaptureException">The file cannot be read.</exception>
    public KeyLogResolution Resolve(ElfFile elf)
    {
        if (elf.BuildId.IsEmpty)
        {
            return Find(elf);
        }

        string key = Convert.ToHexStringLower(elf.BuildId);
        if (_byBuildId.TryGetValue(key, out KeyLogResolution known))
        {
            return known;
        }

        KeyLogResolution found = Find(elf);
        if (_byBuildId.Count < MostCached)
        {
            _byBuildId[key] = found;
        }

        return found;
    }

    private KeyLogResolution Find(ElfFile elf)
    {
        if (elf.Machine != ElfMachine.X64)
        {
            return new KeyLogResolution(null, $"code of processor {elf.Machine} is not read yet");
        }

        Dictionary<ulong, string> labels = LabelFinder.Find(elf, KeyLogLabels.Known);
        if (labels.Count == 0)
        {
            return new KeyLogResolution(null, "it holds no key log label: no TLS library, or older than OpenSSL 1.1.1 or GnuTLS 3.6.13");
        }

        Dictionary<ulong, LabelVotes.Tally> votes = LabelVotes.Count(elf, labels);
        (ulong function, LabelVotes.Tally? tally, string why) = Elect(elf, votes, labels.Count);
        if (tally is null || !elf.TryGetCodeOffset(function, out ulong offset))
        {
            return new KeyLogResolution(null, why);
        }

        string how = string.Create(
            CultureInfo.InvariantCulture,
            $"0x{function:x} is handed {tally.Labels.Count} labels ({string.Join(", ", tally.Labels.Order())}), weight {tally.Weight}");
        (FieldLocation? location, string randomHow) = FindClientRandom(elf, function);
        return location is null
            ? new KeyLogResolution(null, $"key log function {how}; client random: {randomHow}")
            : new KeyLogResolution(
                new KeyLogFunction(function, offset, location.Value, labels, $"{how}; client random at {location}: {randomHow}"), "");
    }

    private static (ulong Function, LabelVotes.Tally? Tally, string Why) Elect(
        ElfFile elf, Dictionary<ulong, LabelVotes.Tally> votes, int labels)
    {
        KeyValuePair<ulong, LabelVotes.Tally>[] ranking =
            [.. votes.Where(v => elf.TryGetCodeOffset(v.Key, out _)).OrderByDescending(v => v.Value.Weight).Take(2)];
        if (ranking.Length == 0)
        {
            return (0, null, $"{labels} key log labels found, but no call is handed one");
        }

        LabelVotes.Tally first = ranking[0].Value;
        string said = $"0x{ranking[0].Key:x} has weight {first.Weight} of {first.Labels.Count} labels"
            + (ranking.Length > 1 ? $", 0x{ranking[1].Key:x} {ranking[1].Value.Weight}" : "");
        bool clear = first.Weight >= LeastWeight && first.Labels.Count >= LeastLabels
            && (ranking.Length == 1 || first.Weight > 2 * ranking[1].Value.Weight);
        return clear ? (ranking[0].Key, first, "") : (0, null, $"no function is clearly the one that logs secrets: {said}");
    }

    // Ways that know nothing of each other: the function's own code and the accessor. Where both speak they must agree.
    private (FieldLocation? Location, string How) FindClientRandom(ElfFile elf, ulong function)
    {
        FieldLocation? own = PointerWalk.ThirdArgument(elf, function, EntryInstructions) ?? PointerWalk.ReadByBytes(elf, function);
        FieldLocation? accessor = PointerWalk.Accessed(elf, clientRandom);
        return (own, accessor) switch
        {
            (null, null) => (null, $"neither the function's own code nor {clientRandom.Function} tells"),
            (null, _) => (accessor, $"by {clientRandom.Function}"),
            (_, null) => (own, "by the function's own code"),
            _ when own == accessor => (own, $"by the function's own code and by {clientRandom.Function}"),
            _ => (null, $"the function's own code says {own}, {clientRandom.Function} says {accessor}"),
        };
    }
}
