using System.Globalization;
using ECapture.Capture.Modules.Databases;
using ECapture.Events.V1;
using ECapture.Protocols.MySql;
using Google.Protobuf;
using Kind = ECapture.Events.V1.SqlStatement.Types.Kind;

namespace ECapture.Capture.Modules.Mysqld;

/// <summary>Makes the event of a statement.</summary>
internal static class StatementEvent
{
    internal static Event Of(ClientSession session, MySqlStatement statement)
    {
        SqlStatement payload = new()
        {
            System = session.Protocol.System,
            Kind = statement.Kind == MySqlStatementKind.Query ? Kind.Simple : Kind.Prepared,
            User = UnsafeByteOperations.UnsafeWrap(session.Protocol.User),
            Database = UnsafeByteOperations.UnsafeWrap(statement.Database),
            Application = UnsafeByteOperations.UnsafeWrap(session.Protocol.Application),
            Client = ByteString.CopyFromUtf8(DatabaseClient.AddressOf(session.Socket) ?? ""),
            Statement = UnsafeByteOperations.UnsafeWrap(statement.Text),
            Outcome = StatementPayload.Of(statement.Outcome),
            ErrorCode = statement.SqlState,
            ErrorNumber = statement.ErrorNumber,
            ErrorMessage = UnsafeByteOperations.UnsafeWrap(statement.ErrorMessage),
            DurationNs = statement.DurationNs,
            Name = statement.Id == 0 ? ByteString.Empty : ByteString.CopyFromUtf8(statement.Id.ToString(CultureInfo.InvariantCulture)),
        };
        return StatementPayload.Complete(payload, statement.Rows, statement.Parameters);
    }
}
