namespace ECapture.Events;

/// <content>The payloads: which field of which payload goes where.</content>
public static partial class EventReader
{
    private const int TagBits = 8; // tags of the fields read here, below 32

    private const uint TlsData = V1.Event.TlsDataFieldNumber << TagBits;
    private const uint Packet = V1.Event.PacketFieldNumber << TagBits;
    private const uint TlsSecret = V1.Event.TlsSecretFieldNumber << TagBits;
    private const uint ShellCommand = V1.Event.ShellCommandFieldNumber << TagBits;
    private const uint SqlStatement = V1.Event.SqlStatementFieldNumber << TagBits;
    private const uint Access = V1.Event.AccessFieldNumber << TagBits;
    private const uint Control = V1.Event.ControlFieldNumber << TagBits;
    private const uint ConnectionLink = V1.Event.ConnectionLinkFieldNumber << TagBits;
    private const uint ConnectionState = V1.Event.ConnectionStateFieldNumber << TagBits;
    private const uint AgentState = V1.Event.AgentStateFieldNumber << TagBits;
    private const uint ShellResult = V1.Event.ShellResultFieldNumber << TagBits;
    private const uint ProcessExit = V1.Event.ProcessExitFieldNumber << TagBits;
    private const uint ProcessExec = V1.Event.ProcessExecFieldNumber << TagBits;
    private const uint Checkpoint = V1.Event.CheckpointFieldNumber << TagBits;
    private const uint Loss = V1.Event.LossFieldNumber << TagBits;
    private const uint Coverage = V1.Event.CoverageFieldNumber << TagBits;
    private const uint HttpExchange = V1.Event.HttpExchangeFieldNumber << TagBits;
    private const uint WebSocket = V1.Event.WebSocketMessageFieldNumber << TagBits;

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
            if (tag >> TagBits != 0)
            {
                scanner.Skip(tag);
            }
            else
            {
                ReadField(ref scanner, (number << TagBits) | tag, tag, ref payload);
            }
        }

        scanner.Leave(end);
    }

    private static void ReadField(ref WireScanner scanner, uint field, uint tag, ref PayloadFields payload)
    {
        switch (field)
        {
            case TlsData | (V1.TlsData.DirectionFieldNumber << 3) | Varint:
            case Packet | (V1.Packet.DirectionFieldNumber << 3) | Varint:
            case WebSocket | (V1.WebSocketData.DirectionFieldNumber << 3) | Varint:
                payload.Direction = (uint)scanner.ReadVarint();
                break;
            case TlsData | (V1.TlsData.OffsetFieldNumber << 3) | Varint:
                payload.StreamOffset = scanner.ReadVarint();
                break;
            case TlsData | (V1.TlsData.DataFieldNumber << 3) | Bytes:
            case TlsSecret | (V1.TlsSecret.SecretFieldNumber << 3) | Bytes:
            case Packet | (V1.Packet.DataFieldNumber << 3) | Bytes:
            case ShellCommand | (V1.ShellCommand.TextFieldNumber << 3) | Bytes:
            case SqlStatement | (V1.SqlStatement.StatementFieldNumber << 3) | Bytes:
            case WebSocket | (V1.WebSocketData.DataFieldNumber << 3) | Bytes:
                payload.Main = scanner.ReadBytes();
                break;
            case TlsSecret | (V1.TlsSecret.LabelFieldNumber << 3) | Bytes:
            case Access | (V1.Access.ActionFieldNumber << 3) | Bytes:
            case Control | (V1.Control.ActionFieldNumber << 3) | Bytes:
            case HttpExchange | (V1.HttpTransaction.MethodFieldNumber << 3) | Bytes:
                payload.Label = scanner.ReadBytes();
                break;
            case TlsSecret | (V1.TlsSecret.ClientRandomFieldNumber << 3) | Bytes:
            case ConnectionLink | (V1.ConnectionLink.ClientRandomFieldNumber << 3) | Bytes:
                payload.ClientRandom = scanner.ReadBytes();
                break;
            case TlsSecret | (V1.TlsSecret.SealedFieldNumber << 3) | Bytes:
                SealedSecret(ref scanner, ref payload);
                break;
            case Packet | (V1.Packet.InterfaceFieldNumber << 3) | Bytes:
                payload.Interface = scanner.ReadBytes();
                break;
            case Packet | (V1.Packet.OriginalLengthFieldNumber << 3) | Varint:
                payload.OriginalLength = (uint)scanner.ReadVarint();
                break;
            case ConnectionState | (V1.ConnectionState.StateFieldNumber << 3) | Varint:
            case AgentState | (V1.AgentState.StateFieldNumber << 3) | Varint:
                payload.State = (uint)scanner.ReadVarint();
                break;
            case ConnectionLink | (V1.ConnectionLink.ServerNameFieldNumber << 3) | Bytes:
            case HttpExchange | (V1.HttpTransaction.HostFieldNumber << 3) | Bytes:
                payload.ServerName = scanner.ReadBytes();
                break;
            case ConnectionLink | (V1.ConnectionLink.FromNsFieldNumber << 3) | Fixed64:
                payload.FromNs = scanner.ReadFixed64();
                break;
            case ConnectionLink | (V1.ConnectionLink.ToNsFieldNumber << 3) | Fixed64:
                payload.ToNs = scanner.ReadFixed64();
                break;
            case ShellCommand | (V1.ShellCommand.CommandFieldNumber << 3) | Fixed64:
            case ShellResult | (V1.ShellResult.CommandFieldNumber << 3) | Fixed64:
                payload.Command = scanner.ReadFixed64();
                break;
            case ShellCommand | (V1.ShellCommand.DirectoryFieldNumber << 3) | Bytes:
            case Access | (V1.Access.FilterFieldNumber << 3) | Bytes:
                payload.Directory = scanner.ReadBytes();
                break;
            case ShellCommand | (V1.ShellCommand.TerminalFieldNumber << 3) | Bytes:
                payload.Terminal = scanner.ReadBytes();
                break;
            case ShellResult | (V1.ShellResult.ExitStatusFieldNumber << 3) | Varint:
            case ProcessExit | (V1.ProcessExit.ExitStatusFieldNumber << 3) | Varint:
                payload.ExitStatus = (int)scanner.ReadVarint();
                break;
            case ProcessExec | (V1.ProcessExec.ExecutableFieldNumber << 3) | Bytes:
            case HttpExchange | (V1.HttpTransaction.PathFieldNumber << 3) | Bytes:
                payload.Executable = scanner.ReadBytes();
                break;
            case SqlStatement | (V1.SqlStatement.UserFieldNumber << 3) | Bytes:
            case Access | (V1.Access.ActorFieldNumber << 3) | Bytes:
            case Control | (V1.Control.ActorFieldNumber << 3) | Bytes:
                payload.User = scanner.ReadBytes();
                break;
            case SqlStatement | (V1.SqlStatement.DatabaseFieldNumber << 3) | Bytes:
                payload.Database = scanner.ReadBytes();
                break;
            case SqlStatement | (V1.SqlStatement.ClientFieldNumber << 3) | Bytes:
            case Access | (V1.Access.FromFieldNumber << 3) | Bytes:
                payload.Client = scanner.ReadBytes();
                break;
            case SqlStatement | (V1.SqlStatement.ParametersFieldNumber << 3) | Bytes:
            case HttpExchange | (V1.HttpTransaction.RequestHeadersFieldNumber << 3) | Bytes:
            case HttpExchange | (V1.HttpTransaction.ResponseHeadersFieldNumber << 3) | Bytes:
            case Checkpoint | (V1.Checkpoint.StreamsFieldNumber << 3) | Bytes:
                Walk(ref scanner); // only checked
                break;
            case SqlStatement | (V1.SqlStatement.CommandTagFieldNumber << 3) | Bytes:
                payload.CommandTag = scanner.ReadBytes();
                break;
            case SqlStatement | (V1.SqlStatement.RowsFieldNumber << 3) | Varint:
            case Access | (V1.Access.RowsFieldNumber << 3) | Varint:
            case Control | (V1.Control.RowsFieldNumber << 3) | Varint:
                payload.Rows = scanner.ReadVarint();
                payload.HasRows = true;
                break;
            case SqlStatement | (V1.SqlStatement.OutcomeFieldNumber << 3) | Varint:
            case Access | (V1.Access.OutcomeFieldNumber << 3) | Varint:
                payload.Outcome = (uint)scanner.ReadVarint();
                break;
            case SqlStatement | (V1.SqlStatement.ErrorCodeFieldNumber << 3) | Bytes:
            case Access | (V1.Access.ReasonFieldNumber << 3) | Bytes:
                payload.ErrorCode = scanner.ReadBytes();
                break;
            case SqlStatement | (V1.SqlStatement.DurationNsFieldNumber << 3) | Varint:
            case HttpExchange | (V1.HttpTransaction.DurationNsFieldNumber << 3) | Varint:
                payload.DurationNs = scanner.ReadVarint();
                break;
            case SqlStatement | (V1.SqlStatement.ErrorNumberFieldNumber << 3) | Varint:
            case HttpExchange | (V1.HttpTransaction.StatusFieldNumber << 3) | Varint:
                payload.ErrorNumber = (uint)scanner.ReadVarint();
                break;
            case Loss | (V1.Loss.WhereFieldNumber << 3) | Bytes:
            case Coverage | (V1.Coverage.SubjectFieldNumber << 3) | Bytes:
            case AgentState | (V1.AgentState.ModuleFieldNumber << 3) | Bytes:
            case Access | (V1.Access.RoleFieldNumber << 3) | Bytes:
            case Control | (V1.Control.SubjectFieldNumber << 3) | Bytes:
                payload.Module = scanner.ReadBytes();
                break;
            case Loss | (V1.Loss.WhyFieldNumber << 3) | Bytes:
            case Coverage | (V1.Coverage.ReasonFieldNumber << 3) | Bytes:
            case AgentState | (V1.AgentState.DetailFieldNumber << 3) | Bytes:
            case Access | (V1.Access.DetailFieldNumber << 3) | Bytes:
            case Control | (V1.Control.DetailFieldNumber << 3) | Bytes:
            case HttpExchange | (V1.HttpTransaction.ResponseTypeFieldNumber << 3) | Bytes:
                payload.Detail = scanner.ReadBytes();
                break;
            case Loss | (V1.Loss.RecordsFieldNumber << 3) | Varint:
            case Access | (V1.Access.KeysFieldNumber << 3) | Varint:
            case HttpExchange | (V1.HttpTransaction.RequestBytesFieldNumber << 3) | Varint:
                payload.Records = scanner.ReadVarint();
                break;
            case Access | (V1.Access.BytesFieldNumber << 3) | Varint:
            case Control | (V1.Control.BytesFieldNumber << 3) | Varint:
            case HttpExchange | (V1.HttpTransaction.ResponseBytesFieldNumber << 3) | Varint:
                payload.Bytes = scanner.ReadVarint();
                break;
            default:
                scanner.Skip(tag);
                break;
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
}
