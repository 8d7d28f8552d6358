namespace ECapture.Events;

/// <content>The payloads.</content>
public static partial class EventReader
{
    private static void ReadPayload(ref WireScanner scanner, uint number, ref PayloadFields payload)
    {
        if (payload.Kind != number)
        {
            payload = default; // another member of the oneof: what came before is gone
            payload.Kind = number;
        }

        int end = scanner.Enter();
        while (scanner.TryTag(out uint tag))
        {
            bool isKnown = number switch
            {
                V1.Event.TlsDataFieldNumber => TlsData(ref scanner, tag, ref payload),
                V1.Event.TlsSecretFieldNumber => TlsSecret(ref scanner, tag, ref payload),
                V1.Event.PacketFieldNumber => Packet(ref scanner, tag, ref payload),
                V1.Event.ConnectionStateFieldNumber => ConnectionState(ref scanner, tag, ref payload),
                V1.Event.ConnectionLinkFieldNumber => ConnectionLink(ref scanner, tag, ref payload),
                V1.Event.ShellCommandFieldNumber => ShellCommand(ref scanner, tag, ref payload),
                V1.Event.ShellResultFieldNumber => ShellResult(ref scanner, tag, ref payload),
                V1.Event.ProcessExecFieldNumber => ProcessExec(ref scanner, tag, ref payload),
                V1.Event.ProcessExitFieldNumber => ProcessExit(ref scanner, tag, ref payload),
                V1.Event.SqlStatementFieldNumber => SqlStatement(ref scanner, tag, ref payload),
                V1.Event.CheckpointFieldNumber => Checkpoint(ref scanner, tag, ref payload),
                V1.Event.LossFieldNumber => Loss(ref scanner, tag, ref payload),
                V1.Event.CoverageFieldNumber => Coverage(ref scanner, tag, ref payload),
                V1.Event.AgentStateFieldNumber => AgentState(ref scanner, tag, ref payload),
                V1.Event.AccessFieldNumber => Access(ref scanner, tag, ref payload),
                V1.Event.ControlFieldNumber => Control(ref scanner, tag, ref payload),
                _ => false,
            };
            if (!isKnown)
            {
                scanner.Skip(tag);
            }
        }

        scanner.Leave(end);
    }

    private static bool TlsData(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (1 << 3) | Varint:
                payload.Direction = (uint)scanner.ReadVarint();
                return true;
            case (3 << 3) | Varint:
                payload.StreamOffset = scanner.ReadVarint();
                return true;
            case (15 << 3) | Bytes:
                payload.Main = scanner.ReadBytes();
                return true;
            default:
                return false;
        }
    }

    private static bool TlsSecret(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (1 << 3) | Bytes:
                payload.Label = scanner.ReadBytes();
                return true;
            case (2 << 3) | Bytes:
                payload.ClientRandom = scanner.ReadBytes();
                return true;
            case (3 << 3) | Bytes:
                payload.Main = scanner.ReadBytes();
                return true;
            case (5 << 3) | Bytes:
                SealedSecret(ref scanner, ref payload);
                return true;
            default:
                return false;
        }
    }

    private static void SealedSecret(ref WireScanner scanner, ref PayloadFields payload)
    {
        int end = scanner.Enter();
        while (scanner.TryTag(out uint tag))
        {
            switch (tag)
            {
                case (1 << 3) | Bytes:
                    payload.SealedTo = scanner.ReadBytes();
                    break;
                case (2 << 3) | Bytes:
                    Walk(ref scanner); // wrapped key
                    break;
                default:
                    scanner.Skip(tag);
                    break;
            }
        }

        scanner.Leave(end);
    }

    private static bool Packet(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (1 << 3) | Bytes:
                payload.Interface = scanner.ReadBytes();
                return true;
            case (3 << 3) | Varint:
                payload.Direction = (uint)scanner.ReadVarint();
                return true;
            case (5 << 3) | Varint:
                payload.OriginalLength = (uint)scanner.ReadVarint();
                return true;
            case (15 << 3) | Bytes:
                payload.Main = scanner.ReadBytes();
                return true;
            default:
                return false;
        }
    }

    private static bool ConnectionState(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (1 << 3) | Varint:
                payload.State = (uint)scanner.ReadVarint();
                return true;
            default:
                return false;
        }
    }

    private static bool ConnectionLink(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (2 << 3) | Bytes:
                payload.ClientRandom = scanner.ReadBytes();
                return true;
            case (3 << 3) | Bytes:
                payload.ServerName = scanner.ReadBytes();
                return true;
            case (4 << 3) | Fixed64:
                payload.FromNs = scanner.ReadFixed64();
                return true;
            case (5 << 3) | Fixed64:
                payload.ToNs = scanner.ReadFixed64();
                return true;
            default:
                return false;
        }
    }

    private static bool ShellCommand(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (3 << 3) | Fixed64:
                payload.Command = scanner.ReadFixed64();
                return true;
            case (4 << 3) | Bytes:
                payload.Main = scanner.ReadBytes();
                return true;
            case (6 << 3) | Bytes:
                payload.Directory = scanner.ReadBytes();
                return true;
            case (7 << 3) | Bytes:
                payload.Terminal = scanner.ReadBytes();
                return true;
            default:
                return false;
        }
    }

    private static bool ShellResult(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (1 << 3) | Fixed64:
                payload.Command = scanner.ReadFixed64();
                return true;
            case (2 << 3) | Varint:
                payload.ExitStatus = (int)scanner.ReadVarint();
                return true;
            default:
                return false;
        }
    }

    private static bool ProcessExec(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (3 << 3) | Bytes:
                payload.Executable = scanner.ReadBytes();
                return true;
            default:
                return false;
        }
    }

    private static bool ProcessExit(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (1 << 3) | Varint:
                payload.ExitStatus = (int)scanner.ReadVarint();
                return true;
            default:
                return false;
        }
    }

    private static bool SqlStatement(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (3 << 3) | Bytes:
                payload.User = scanner.ReadBytes();
                return true;
            case (4 << 3) | Bytes:
                payload.Database = scanner.ReadBytes();
                return true;
            case (6 << 3) | Bytes:
                payload.Client = scanner.ReadBytes();
                return true;
            case (7 << 3) | Bytes:
                payload.Main = scanner.ReadBytes();
                return true;
            case (8 << 3) | Bytes:
                Walk(ref scanner); // parameter
                return true;
            case (9 << 3) | Bytes:
                payload.CommandTag = scanner.ReadBytes();
                return true;
            case (10 << 3) | Varint:
                payload.Rows = scanner.ReadVarint();
                payload.HasRows = true;
                return true;
            case (11 << 3) | Varint:
                payload.Outcome = (uint)scanner.ReadVarint();
                return true;
            case (12 << 3) | Bytes:
                payload.ErrorCode = scanner.ReadBytes();
                return true;
            case (14 << 3) | Varint:
                payload.DurationNs = scanner.ReadVarint();
                return true;
            case (16 << 3) | Varint:
                payload.ErrorNumber = (uint)scanner.ReadVarint();
                return true;
            default:
                return false;
        }
    }

    private static bool Checkpoint(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (1 << 3) | Bytes:
                Walk(ref scanner); // stream
                return true;
            default:
                return false;
        }
    }

    private static bool Loss(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (1 << 3) | Bytes:
                payload.Module = scanner.ReadBytes();
                return true;
            case (2 << 3) | Bytes:
                payload.Detail = scanner.ReadBytes();
                return true;
            case (3 << 3) | Varint:
                payload.Records = scanner.ReadVarint();
                return true;
            default:
                return false;
        }
    }

    private static bool Coverage(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (1 << 3) | Bytes:
                payload.Module = scanner.ReadBytes();
                return true;
            case (3 << 3) | Bytes:
                payload.Detail = scanner.ReadBytes();
                return true;
            default:
                return false;
        }
    }

    private static bool AgentState(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (1 << 3) | Varint:
                payload.State = (uint)scanner.ReadVarint();
                return true;
            case (2 << 3) | Bytes:
                payload.Module = scanner.ReadBytes();
                return true;
            case (3 << 3) | Bytes:
                payload.Detail = scanner.ReadBytes();
                return true;
            default:
                return false;
        }
    }

    private static bool Access(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (1 << 3) | Bytes:
                payload.User = scanner.ReadBytes();
                return true;
            case (2 << 3) | Bytes:
                payload.Module = scanner.ReadBytes();
                return true;
            case (3 << 3) | Bytes:
                payload.Client = scanner.ReadBytes();
                return true;
            case (4 << 3) | Bytes:
                payload.Label = scanner.ReadBytes();
                return true;
            case (5 << 3) | Bytes:
                payload.Directory = scanner.ReadBytes();
                return true;
            case (6 << 3) | Varint:
                payload.Outcome = (uint)scanner.ReadVarint();
                return true;
            case (7 << 3) | Varint:
                payload.Rows = scanner.ReadVarint();
                payload.HasRows = true;
                return true;
            case (8 << 3) | Varint:
                payload.Bytes = scanner.ReadVarint();
                return true;
            case (9 << 3) | Varint:
                payload.Records = scanner.ReadVarint();
                return true;
            case (10 << 3) | Bytes:
                payload.ErrorCode = scanner.ReadBytes();
                return true;
            case (11 << 3) | Bytes:
                payload.Detail = scanner.ReadBytes();
                return true;
            default:
                return false;
        }
    }

    private static bool Control(ref WireScanner scanner, uint tag, ref PayloadFields payload)
    {
        switch (tag)
        {
            case (1 << 3) | Bytes:
                payload.Label = scanner.ReadBytes();
                return true;
            case (2 << 3) | Bytes:
                payload.Module = scanner.ReadBytes();
                return true;
            case (3 << 3) | Bytes:
                payload.User = scanner.ReadBytes();
                return true;
            case (4 << 3) | Varint:
                payload.Rows = scanner.ReadVarint();
                payload.HasRows = true;
                return true;
            case (5 << 3) | Varint:
                payload.Bytes = scanner.ReadVarint();
                return true;
            case (6 << 3) | Bytes:
                payload.Detail = scanner.ReadBytes();
                return true;
            default:
                return false;
        }
    }
}
