using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ECapture.Protocols.Tls;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>
/// Tries what a Go connection holds on captured records. No offsets are known: every slice of its tls.Conn that is as long as a traffic secret may be one, and every function value
/// that has kept a master secret and two randoms for the exporter of keying material (TLS 1.2) may have them. What counts is that a record verifies.
/// </summary>
/// <param name="pid">The process.</param>
/// <param name="address">Of the tls.Conn.</param>
/// <param name="stop">Ends the work: nothing is proved then.</param>
internal sealed class GoSecretTrial(int pid, ulong address, CancellationToken stop)
{
    private const int ConnectionBytes = 1024; // that are looked at; 832 in Go 1.19
    private const int IsClientAt = 16; // behind a net.Conn, in every version with the register ABI
    private const int RandomLength = 32;
    private const int MasterLength = 48;
    private const int ClosureBytes = 128;
    private const ulong Near = 1024; // around a counter
    private const ulong MostRecords = 1UL << 40;
    private const ulong LargestCapacity = 1 << 20;

    private readonly RecordNumbers _numbers = new(stop);

    /// <summary>Proves a secret by a record.</summary>
    /// <param name="sample">The record.</param>
    /// <param name="random">
    /// Stands for the client random, which Go forgets in TLS 1.3: 32 bytes, the same for both directions.
    /// </param>
    /// <returns>Null: nothing that the connection holds made it.</returns>
    internal ProvedSecret? Prove(RecordSample sample, byte[] random)
    {
        byte[] content = Read(address, ConnectionBytes);
        if (content.Length <= IsClientAt || content[IsClientAt] > 1)
        {
            return null; // gone
        }

        bool isClients = sample.IsSent == (content[IsClientAt] == 1);
        List<ulong> numbers = [.. Numbers(content, sample)];
        return Traffic(content, sample, random, isClients, numbers) ?? Master(content, sample, isClients, numbers);
    }

    private ProvedSecret? Traffic(byte[] content, RecordSample sample, byte[] random, bool isClients, List<ulong> numbers)
    {
        foreach (RecordSuite suite in RecordSuite.Tls13)
        {
            foreach (ulong at in Slices(content, suite.SecretLength))
            {
                byte[] secret = Read(at, suite.SecretLength);
                if (secret.Length != suite.SecretLength)
                {
                    continue;
                }

                using RecordKeys keys = RecordKeys.FromTrafficSecret(suite, secret);
                if (_numbers.Find(keys, sample, numbers) is { } number)
                {
                    string label = isClients ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0";
                    return new ProvedSecret(label, random, [], secret, suite, sample.IsSent, isClients, number - sample.Index, sample.Start) { IsRandomMade = true };
                }
            }
        }

        return null;
    }

    private ProvedSecret? Master(byte[] content, RecordSample sample, bool isClients, List<ulong> numbers)
    {
        foreach (ulong pointer in MemoryMarshal.Cast<byte, ulong>(content).ToArray().Distinct())
        {
            byte[] closure = Read(pointer, ClosureBytes);
            ulong[] masters = [.. Slices(closure, MasterLength)];
            ulong[] randoms = [.. Slices(closure, RandomLength)];
            foreach (ulong master in masters)
            {
                foreach (ulong client in randoms)
                {
                    foreach (ulong server in randoms.Where(r => r != client))
                    {
                        if (Master(Read(master, MasterLength), Read(client, RandomLength), Read(server, RandomLength), sample, isClients, numbers) is { } proved)
                        {
                            return proved;
                        }
                    }
                }
            }
        }

        return null;
    }

    private ProvedSecret? Master(byte[] secret, byte[] client, byte[] server, RecordSample sample, bool isClients, List<ulong> numbers)
    {
        if (secret.Length != MasterLength || client.Length != RandomLength || server.Length != RandomLength)
        {
            return null;
        }

        foreach (RecordSuite suite in RecordSuite.Tls12)
        {
            using RecordKeys keys = RecordKeys.FromMasterSecret(suite, secret, client, server, isClients);
            if (_numbers.Find(keys, sample, numbers) is { } number)
            {
                return new ProvedSecret("CLIENT_RANDOM", client, server, secret, suite, sample.IsSent, isClients, number - sample.Index, sample.Start);
            }
        }

        return null;
    }

    // Go's slices: address, length, capacity.
    private static IEnumerable<ulong> Slices(byte[] bytes, int length)
    {
        ulong[] words = MemoryMarshal.Cast<byte, ulong>(bytes).ToArray();
        HashSet<ulong> found = [];
        for (int i = 0; i + 2 < words.Length; i++)
        {
            if (words[i + 1] == (ulong)length && words[i + 2] >= words[i + 1] && words[i + 2] <= LargestCapacity && words[i] != 0 && found.Add(words[i]))
            {
                yield return words[i];
            }
        }
    }

    // Both directions count their records in eight bytes, the highest first.
    private static IEnumerable<ulong> Numbers(byte[] content, RecordSample sample)
    {
        HashSet<ulong> tried = [];
        for (int at = 0; at + 8 <= content.Length; at += 8)
        {
            ulong counted = BinaryPrimitives.ReadUInt64BigEndian(content.AsSpan(at));
            if (counted is > 0 and < MostRecords)
            {
                foreach (ulong near in RecordNumbers.Around(counted, sample.Later, Near).Where(n => n >= sample.Index && tried.Add(n)).ToArray())
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

    // What can be read of it, in whole words.
    private byte[] Read(ulong from, int length)
    {
        byte[] bytes = new byte[length];
        return bytes[..(ProcessMemory.Read(pid, from, bytes) & ~7)];
    }
}
