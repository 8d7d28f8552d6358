using ECapture.Capture.Modules.Databases;
using ECapture.Events.V1;
using ECapture.Protocols.Postgres;
using Google.Protobuf;
using Kind = ECapture.Events.V1.SqlStatement.Types.Kind;

namespace ECapture.Capture.Modules.Postgres;

/// <summary>Makes the event of a statement.</summary>
internal static class SqlEvent
{
    internal static Event Of(ServerSession session, PostgresStatement statement)
    {
        SqlStatement payload = new()
        {
            System = "postgresql",
            Kind = statement.Kind switch
            {
                PostgresStatementKind.Simple => Kind.Simple,
                PostgresStatementKind.Extended => Kind.Prepared,
                _ => Kind.Function,
            },
            User = UnsafeByteOperations.UnsafeWrap(session.User),
            Database = UnsafeByteOperations.UnsafeWrap(session.Database),
            Application = UnsafeByteOperations.UnsafeWrap(statement.Application),
            Client = ByteString.CopyFromUtf8(session.Client),
            Statement = UnsafeByteOperations.UnsafeWrap(statement.Text),
            CommandTag = UnsafeByteOperations.UnsafeWrap(statement.Tag),
            Outcome = StatementPayload.Of(statement.Outcome),
            ErrorCode = statement.ErrorCode,
            ErrorMessage = UnsafeByteOperations.UnsafeWrap(statement.ErrorMessage),
            DurationNs = statement.DurationNs,
            Name = UnsafeByteOperations.UnsafeWrap(statement.Name),
        };
        return StatementPayload.Complete(payload, statement.Rows, statement.Parameters);
    }
}
