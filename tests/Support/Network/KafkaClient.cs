using System.Buffers.Binary;
using System.Text;

namespace ECapture.Tests.Support.Network;

/// <summary>Who speaks Kafka's protocol: every request names its client (option <c>client.id</c>).</summary>
public static class KafkaClient
{
    // Size, api key, version, correlation id, length of the name.
    private const int NameAt = 4 + 2 + 2 + 4 + 2;

    /// <summary>The client id of the first request of a connection, or null while too few bytes have come.</summary>
    public static string? NameOf(ReadOnlySpan<byte> request)
    {
        if (request.Length < NameAt)
        {
            return null;
        }

        int length = Math.Max((short)0, BinaryPrimitives.ReadInt16BigEndian(request[(NameAt - 2)..]));
        return request.Length < NameAt + length ? null : Encoding.UTF8.GetString(request.Slice(NameAt, length));
    }
}
