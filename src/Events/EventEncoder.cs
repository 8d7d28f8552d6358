using ECapture.Events.V1;
using Output = ECapture.Events.EventEncoderOutput;

namespace ECapture.Events;

/// <summary>
/// Encodes events without making objects, byte for byte as the generated code does. An event is its stream's prefix
/// (run, topic, partition), its sequence, its agent's block (schema, tenant, host, boot), its envelope and its payload, in this order;
/// the sequence is written last, when the event is appended, right-aligned before the rest.
/// </summary>
public static class EventEncoder
{
    /// <summary>The version of the schema that this encoder writes.</summary>
    public const uint SchemaVersion = 1;

    /// <summary>Most bytes of the sequence field.</summary>
    public const int SequenceRoom = 11;

    /// <summary>Fields 1 to 3: the same for every event of a stream.</summary>
    public static byte[] EncodeStream(Guid run, string topic, int partition)
    {
        byte[] bytes = new byte[Output.BytesSize(1, 16) + Output.TextSize(2, topic) + Output.NumberSize(3, (uint)partition)];
        Span<byte> id = stackalloc byte[16];
        run.TryWriteBytes(id, bigEndian: true, out _);
        Output output = new(bytes);
        output.Bytes(1, id);
        output.Text(2, topic);
        output.Number(3, (uint)partition);
        return bytes;
    }

    /// <summary>Fields 5 to 8: the same for every event of an agent run.</summary>
    public static byte[] EncodeAgent(string tenant, string host, Guid boot)
    {
        byte[] bytes = new byte[
            Output.NumberSize(5, SchemaVersion) + Output.TextSize(6, tenant) + Output.TextSize(7, host) + Output.BytesSize(8, 16)];
        Span<byte> id = stackalloc byte[16];
        boot.TryWriteBytes(id, bigEndian: true, out _);
        Output output = new(bytes);
        output.Number(5, SchemaVersion);
        output.Text(6, tenant);
        output.Text(7, host);
        output.Bytes(8, id);
        return bytes;
    }

    /// <summary>A <c>Flow</c> message: 5-tuple, network namespace, direction-free id.</summary>
    /// <param name="local">4 or 16 bytes in network order.</param>
    /// <param name="localPort">Host order.</param>
    /// <param name="remote">As long as <paramref name="local"/>.</param>
    /// <param name="remotePort">Host order.</param>
    /// <param name="protocol">IANA protocol number.</param>
    /// <param name="networkNamespace">Inode.</param>
    public static byte[] EncodeFlow(
        ReadOnlySpan<byte> local, ushort localPort, ReadOnlySpan<byte> remote, ushort remotePort, byte protocol, uint networkNamespace)
    {
        ulong id = CommunityId.FlowId(local, localPort, remote, remotePort, protocol);
        byte[] bytes = new byte[
            Output.BytesSize(1, local.Length) + Output.NumberSize(2, localPort) + Output.BytesSize(3, remote.Length)
            + Output.NumberSize(4, remotePort) + Output.NumberSize(5, protocol) + Output.NumberSize(6, networkNamespace)
            + Output.Fixed64Size(7, id)];
        Output output = new(bytes);
        output.Bytes(1, local);
        output.Number(2, localPort);
        output.Bytes(3, remote);
        output.Number(4, remotePort);
        output.Number(5, protocol);
        output.Number(6, networkNamespace);
        output.Fixed(7, id);
        return bytes;
    }

    /// <summary>Writes prefix and sequence so that they end where the rest of the event begins.</summary>
    /// <param name="beforeRest">The room before the rest: at least the prefix and <see cref="SequenceRoom"/>.</param>
    /// <param name="stream">From <see cref="EncodeStream"/>.</param>
    /// <param name="sequence">The sequence.</param>
    /// <returns>How many bytes at the end of the room are used.</returns>
    public static int WriteSequence(Span<byte> beforeRest, ReadOnlySpan<byte> stream, ulong sequence)
    {
        int size = stream.Length + Output.NumberSize(4, sequence);
        Output output = new(beforeRest[^size..]);
        output.Raw(stream);
        output.Number(4, sequence);
        return size;
    }

    /// <summary>A <c>Redaction</c> message.</summary>
    /// <param name="count">Parts that were overwritten.</param>
    /// <param name="rules">Names of the rules that matched.</param>
    public static byte[] EncodeRedaction(uint count, IEnumerable<string> rules)
    {
        string[] names = [.. rules];
        byte[] bytes = new byte[Output.NumberSize(1, count) + names.Sum(n => Output.TextSize(2, n))];
        Output output = new(bytes);
        output.Number(1, count);
        foreach (string name in names)
        {
            output.Text(2, name);
        }

        return bytes;
    }

    /// <summary>Bytes of the fields 9 to 16.</summary>
    public static int EnvelopeSize(in EventEnvelope envelope) =>
        Output.Fixed64Size(9, envelope.BootNs) + Output.Fixed64Size(10, envelope.WallNs)
        + (envelope.Pid == 0 ? 0 : Output.MessageSize(11, ProcessSize(envelope)))
        + Output.Fixed64Size(12, envelope.Connection)
        + Output.BytesSize(13, envelope.Flow.Length)
        + (envelope.IsCut ? Output.MessageSize(14, CutSize(envelope)) : 0)
        + Output.BytesSize(16, envelope.Redaction.Length);

    /// <summary>Writes the fields 9 to 16.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteEnvelope(Span<byte> destination, in EventEnvelope envelope)
    {
        Output output = new(destination);
        output.Fixed(9, envelope.BootNs);
        output.Fixed(10, envelope.WallNs);
        if (envelope.Pid != 0)
        {
            output.Message(11, ProcessSize(envelope));
            output.Number(1, envelope.Pid);
            output.Fixed(2, envelope.ProcessStart);
            output.Bytes(3, envelope.ProcessName);
            output.Number(4, envelope.Uid);
            output.Number(5, envelope.Tid);
        }

        output.Fixed(12, envelope.Connection);
        output.Bytes(13, envelope.Flow);
        if (envelope.IsCut)
        {
            output.Message(14, CutSize(envelope));
            output.Number(1, envelope.CutFrom);
            output.Bytes(2, envelope.CutSha256);
            output.Bytes(3, envelope.CutHmac);
        }

        output.Bytes(16, envelope.Redaction);

        return output.Length;
    }

    /// <summary>Bytes of a <c>TlsData</c> payload field.</summary>
    public static int TlsDataSize(Direction direction, string library, ulong offset, int dataLength) =>
        Output.MessageSize(Event.TlsDataFieldNumber, TlsDataBody(direction, library, offset, dataLength));

    /// <summary>Writes a <c>TlsData</c> payload field.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteTlsData(Span<byte> destination, Direction direction, string library, ulong offset, ReadOnlySpan<byte> data)
    {
        Output output = new(destination);
        output.Message(Event.TlsDataFieldNumber, TlsDataBody(direction, library, offset, data.Length));
        output.Number(TlsData.DirectionFieldNumber, (ulong)direction);
        output.Text(TlsData.LibraryFieldNumber, library);
        output.Number(TlsData.OffsetFieldNumber, offset);
        output.Bytes(TlsData.DataFieldNumber, data);
        return output.Length;
    }

    /// <summary>Bytes of a <c>Packet</c> payload field.</summary>
    public static int PacketSize(
        string @interface, uint interfaceIndex, Direction direction, uint linkType, uint originalLength, int dataLength) =>
        Output.MessageSize(
            Event.PacketFieldNumber, PacketBody(@interface, interfaceIndex, direction, linkType, originalLength, dataLength));

    /// <summary>Writes a <c>Packet</c> payload field.</summary>
    /// <returns>Bytes written.</returns>
    public static int WritePacket(
        Span<byte> destination, string @interface, uint interfaceIndex, Direction direction, uint linkType, uint originalLength,
        ReadOnlySpan<byte> data)
    {
        Output output = new(destination);
        output.Message(
            Event.PacketFieldNumber, PacketBody(@interface, interfaceIndex, direction, linkType, originalLength, data.Length));
        output.Text(Packet.InterfaceFieldNumber, @interface);
        output.Number(Packet.InterfaceIndexFieldNumber, interfaceIndex);
        output.Number(Packet.DirectionFieldNumber, (ulong)direction);
        output.Number(Packet.LinkTypeFieldNumber, linkType);
        output.Number(Packet.OriginalLengthFieldNumber, originalLength);
        output.Bytes(Packet.DataFieldNumber, data);
        return output.Length;
    }

    private static int ProcessSize(in EventEnvelope envelope) =>
        Output.NumberSize(1, envelope.Pid) + Output.Fixed64Size(2, envelope.ProcessStart)
        + Output.BytesSize(3, envelope.ProcessName.Length) + Output.NumberSize(4, envelope.Uid) + Output.NumberSize(5, envelope.Tid);

    private static int CutSize(in EventEnvelope envelope) =>
        Output.NumberSize(1, envelope.CutFrom) + Output.BytesSize(2, envelope.CutSha256.Length) + Output.BytesSize(3, envelope.CutHmac.Length);

    private static int TlsDataBody(Direction direction, string library, ulong offset, int dataLength) =>
        Output.NumberSize(TlsData.DirectionFieldNumber, (ulong)direction) + Output.TextSize(TlsData.LibraryFieldNumber, library)
        + Output.NumberSize(TlsData.OffsetFieldNumber, offset) + Output.BytesSize(TlsData.DataFieldNumber, dataLength);

    private static int PacketBody(
        string @interface, uint interfaceIndex, Direction direction, uint linkType, uint originalLength, int dataLength) =>
        Output.TextSize(Packet.InterfaceFieldNumber, @interface)
        + Output.NumberSize(Packet.InterfaceIndexFieldNumber, interfaceIndex)
        + Output.NumberSize(Packet.DirectionFieldNumber, (ulong)direction)
        + Output.NumberSize(Packet.LinkTypeFieldNumber, linkType)
        + Output.NumberSize(Packet.OriginalLengthFieldNumber, originalLength)
        + Output.BytesSize(Packet.DataFieldNumber, dataLength);
}
