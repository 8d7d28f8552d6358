using System.Text;

namespace ECapture.Log.Forwarding;

/// <summary>Which Kafka partition a stream goes to: always one, so that its order holds.</summary>
public static class StreamRouting
{
    /// <summary><c>(partition + hash(host)) mod count</c>; the hash spreads a fleet's hosts.</summary>
    /// <param name="partition">Partition of the agent's local log.</param>
    /// <param name="host">The agent's host.</param>
    /// <param name="count">Partitions of the Kafka topic when it was first met.</param>
    public static int KafkaPartition(int partition, string host, int count) =>
        (int)(((uint)partition + (ulong)Hash(host)) % (uint)count);

    /// <summary>FNV-1a of the name's UTF-8 bytes. Part of the contract: it never changes.</summary>
    public static uint Hash(string host)
    {
        uint hash = 2166136261;
        foreach (byte b in Encoding.UTF8.GetBytes(host))
        {
            hash = (hash ^ b) * 16777619;
        }

        return hash;
    }
}
