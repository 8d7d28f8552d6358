using ECapture.Capture.Symbols;
using ECapture.Protocols.Tls;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>
/// Reads what a layout says are the secrets of a connection object, and tries them on captured records: a secret counts when a record's tag verifies. The number of the
/// record, which is not known, is looked for near what the object counts.
/// </summary>
/// <param name="layout">Where secrets are; learns where records are counted.</param>
/// <param name="memory">The object, read after the records were captured.</param>
/// <param name="isThorough">Also tries every number that the object holds; for objects that surely belong to the connection.</param>
/// <param name="stop">Ends the work: nothing is proved then.</param>
internal sealed class SecretTrial(SecretLayout layout, ObjectMemory memory, bool isThorough, CancellationToken stop)
{
    private const int RandomLength = 32;
    private const int MasterLength = 48;
    private const ulong NearKnown = 1024; // around a counter whose place is known
    private const ulong NearOther = 8; // around any other number
    private const int MostNumbers = 200_000;

    private readonly RecordNumbers _numbers = new(stop);

    /// <summary>Proves a secret by a record.</summary>
    /// <param name="sample">The record.</param>
    /// <param name="ofClient">Whose record it is, if that is known.</param>
    /// <returns>Null: none of this object's secrets made it.</returns>
    internal ProvedSecret? Prove(RecordSample sample, bool? ofClient = null)
    {
        // The likely numbers with every secret first: the others are many, and most secrets are not the record's.
        HashSet<ulong> tried = [];
        return Prove(sample, ofClient, [.. Likely(sample, tried)]) ?? (isThorough ? Prove(sample, ofClient, [.. Others(sample, tried)]) : null);
    }

    private ProvedSecret? Prove(RecordSample sample, bool? ofClient, List<ulong> numbers)
    {
        foreach (FieldLocation at in layout.Places(SecretField.ClientRandom))
        {
            ReadOnlySpan<byte> random = memory.At(at, RandomLength);
            if (random.ContainsAnyExcept((byte)0)
                && (Traffic(sample, random, ofClient, numbers) ?? Master(sample, at, random, ofClient, numbers)) is { } proved)
            {
                return proved;
            }
        }

        return null;
    }

    private ProvedSecret? Traffic(RecordSample sample, ReadOnlySpan<byte> random, bool? ofClient, List<ulong> numbers)
    {
        foreach ((SecretField field, bool isClients) in (ReadOnlySpan<(SecretField, bool)>)[(SecretField.ClientTraffic, true), (SecretField.ServerTraffic, false)])
        {
            if (ofClient is { } known && known != isClients)
            {
                continue;
            }

            foreach (FieldLocation at in layout.Places(field))
            {
                foreach (RecordSuite suite in RecordSuite.Tls13)
                {
                    ReadOnlySpan<byte> secret = memory.At(at, suite.SecretLength);
                    if (!secret.ContainsAnyExcept((byte)0))
                    {
                        continue;
                    }

                    using RecordKeys keys = RecordKeys.FromTrafficSecret(suite, secret);
                    if (Number(keys, sample, numbers) is { } number)
                    {
                        string label = isClients ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0";
                        return new ProvedSecret(label, random.ToArray(), [], secret.ToArray(), suite, sample.IsSent, isClients, number - sample.Index, sample.Start);
                    }
                }
            }
        }

        return null;
    }

    private ProvedSecret? Master(RecordSample sample, FieldLocation randomAt, ReadOnlySpan<byte> random, bool? ofClient, List<ulong> numbers)
    {
        foreach (FieldLocation at in layout.Places(SecretField.MasterSecret))
        {
            ReadOnlySpan<byte> secret = memory.At(at, MasterLength);
            if (!secret.ContainsAnyExcept((byte)0))
            {
                continue;
            }

            // Every library that is known keeps the server's random beside the client's.
            foreach (int distance in (ReadOnlySpan<int>)[-RandomLength, RandomLength])
            {
                ReadOnlySpan<byte> server = memory.At(randomAt with { Offset = randomAt.Offset + distance }, RandomLength);
                if (server.IsEmpty)
                {
                    continue;
                }

                foreach (RecordSuite suite in RecordSuite.Tls12)
                {
                    foreach (bool isClients in (ReadOnlySpan<bool>)[true, false])
                    {
                        if (ofClient is { } known && known != isClients)
                        {
                            continue;
                        }

                        using RecordKeys keys = RecordKeys.FromMasterSecret(suite, secret, random, server, isClients);
                        if (Number(keys, sample, numbers) is { } number)
                        {
                            return new ProvedSecret(
                                "CLIENT_RANDOM", random.ToArray(), server.ToArray(), secret.ToArray(), suite, sample.IsSent, isClients, number - sample.Index, sample.Start);
                        }
                    }
                }
            }
        }

        return null;
    }

    private ulong? Number(RecordKeys keys, RecordSample sample, List<ulong> numbers)
    {
        ulong? number = _numbers.Find(keys, sample, numbers);
        if (number is { } found)
        {
            layout.LearnNumber(memory, sample.IsSent, found + sample.Later);
        }

        return number;
    }

    // None is lower than what was counted on the wire before the record.
    private IEnumerable<ulong> Likely(RecordSample sample, HashSet<ulong> tried)
    {
        foreach (NumberLocation place in layout.Numbers(sample.IsSent))
        {
            ReadOnlySpan<byte> bytes = memory.At(place.Place, 8);
            if (!bytes.IsEmpty)
            {
                foreach (ulong near in RecordNumbers.Around(place.Value(bytes), sample.Later, NearKnown).Where(n => n >= sample.Index && tried.Add(n)).ToArray())
                {
                    yield return near;
                }
            }
        }

        for (ulong number = sample.Index; number < sample.Index + RecordNumbers.Few; number++)
        {
            if (tried.Add(number))
            {
                yield return number;
            }
        }
    }

    // Near every number that the object holds.
    private IEnumerable<ulong> Others(RecordSample sample, HashSet<ulong> tried)
    {
        foreach (ulong value in memory.Numbers(sample.Index + RecordNumbers.Few).Select(n => n.Value).Distinct())
        {
            foreach (ulong near in RecordNumbers.Around(value, sample.Later, NearOther))
            {
                if (tried.Count >= MostNumbers)
                {
                    yield break;
                }

                if (near >= sample.Index && tried.Add(near))
                {
                    yield return near;
                }
            }
        }
    }
}
