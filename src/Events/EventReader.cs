namespace ECapture.Events;

/// <summary>
/// Finds the fields that tables have columns for in the bytes of an encoded <see cref="V1.Event"/>, without allocating. It reads
/// what the generated class reads: unknown fields are skipped, repeated occurrences merge, the last payload wins.
/// </summary>
public static partial class EventReader
{
    private const uint Varint = WireScanner.Varint;
    private const uint Fixed64 = WireScanner.Fixed64;
    private const uint Bytes = WireScanner.Bytes;

    private const uint FirstPayload = 32;

    /// <summary>Reads an event.</summary>
    /// <param name="encoded">Any bytes.</param>
    /// <param name="fields">What was found; undefined when this returns false.</param>
    /// <returns>False when the bytes are no encoding of an event; never throws.</returns>
    public static bool TryRead(ReadOnlySpan<byte> encoded, out EventFields fields)
    {
        fields = default;
        WireScanner scanner = new(encoded);
        uint unknownPayload = 0;
        while (scanner.TryTag(out uint tag))
        {
            switch (tag)
            {
                case (1 << 3) | Bytes:
                    fields.Run = scanner.ReadBytes();
                    break;
                case (2 << 3) | Bytes:
                    fields.Topic = scanner.ReadBytes();
                    break;
                case (3 << 3) | Varint:
                    fields.Partition = (uint)scanner.ReadVarint();
                    break;
                case (4 << 3) | Varint:
                    fields.Sequence = scanner.ReadVarint();
                    break;
                case (5 << 3) | Varint:
                    fields.Schema = (uint)scanner.ReadVarint();
                    break;
                case (6 << 3) | Bytes:
                    fields.Tenant = scanner.ReadBytes();
                    break;
                case (7 << 3) | Bytes:
                    fields.Host = scanner.ReadBytes();
                    break;
                case (8 << 3) | Bytes:
                    fields.Boot = scanner.ReadBytes();
                    break;
                case (9 << 3) | Fixed64:
                    fields.BootNs = scanner.ReadFixed64();
                    break;
                case (10 << 3) | Fixed64:
                    fields.WallNs = scanner.ReadFixed64();
                    break;
                case (11 << 3) | Bytes:
                    ReadProcess(ref scanner, ref fields);
                    break;
                case (12 << 3) | Fixed64:
                    fields.Connection = scanner.ReadFixed64();
                    break;
                case (13 << 3) | Bytes:
                    ReadFlow(ref scanner, ref fields);
                    break;
                case (14 << 3) | Bytes:
                case (16 << 3) | Bytes:
                    Walk(ref scanner); // truncation, redaction
                    break;
                default:
                    uint number = tag >> 3;
                    if ((tag & 7) == Bytes && number is (>= V1.Event.TlsDataFieldNumber and <= V1.Event.ControlFieldNumber)
                        or (>= V1.Event.HttpExchangeFieldNumber and <= V1.Event.WebSocketMessageFieldNumber))
                    {
                        ReadPayload(ref scanner, number, ref fields.Payload);
                    }
                    else
                    {
                        unknownPayload = number >= FirstPayload ? number : unknownPayload;
                        scanner.Skip(tag);
                    }

                    break;
            }
        }

        if (fields.Payload.Kind == 0)
        {
            fields.Payload.Kind = unknownPayload;
        }

        return !scanner.HasFailed;
    }

    private static void ReadProcess(ref WireScanner scanner, ref EventFields fields)
    {
        fields.HasProcess = true;
        int end = scanner.Enter();
        while (scanner.TryTag(out uint tag))
        {
            switch (tag)
            {
                case (1 << 3) | Varint:
                    fields.Pid = (uint)scanner.ReadVarint();
                    break;
                case (2 << 3) | Fixed64:
                    fields.ProcessStartNs = scanner.ReadFixed64();
                    break;
                case (3 << 3) | Bytes:
                    fields.ProcessName = scanner.ReadBytes();
                    break;
                case (4 << 3) | Varint:
                    fields.Uid = (uint)scanner.ReadVarint();
                    break;
                default:
                    scanner.Skip(tag);
                    break;
            }
        }

        scanner.Leave(end);
    }

    private static void ReadFlow(ref WireScanner scanner, ref EventFields fields)
    {
        fields.HasFlow = true;
        int end = scanner.Enter();
        while (scanner.TryTag(out uint tag))
        {
            switch (tag)
            {
                case (1 << 3) | Bytes:
                    fields.LocalAddress = scanner.ReadBytes();
                    break;
                case (2 << 3) | Varint:
                    fields.LocalPort = (uint)scanner.ReadVarint();
                    break;
                case (3 << 3) | Bytes:
                    fields.RemoteAddress = scanner.ReadBytes();
                    break;
                case (4 << 3) | Varint:
                    fields.RemotePort = (uint)scanner.ReadVarint();
                    break;
                case (5 << 3) | Varint:
                    fields.Protocol = (uint)scanner.ReadVarint();
                    break;
                case (6 << 3) | Varint:
                    fields.NetworkNamespace = (uint)scanner.ReadVarint();
                    break;
                case (7 << 3) | Fixed64:
                    fields.FlowId = scanner.ReadFixed64();
                    break;
                default:
                    scanner.Skip(tag);
                    break;
            }
        }

        scanner.Leave(end);
    }

    // A message none of whose fields is needed is walked all the same: the generated class would refuse a broken one.
    private static void Walk(ref WireScanner scanner)
    {
        int end = scanner.Enter();
        while (scanner.TryTag(out uint tag))
        {
            scanner.Skip(tag);
        }

        scanner.Leave(end);
    }
}
