using ECapture.Events.V1;
using ECapture.Protocols.Postgres;
using Google.Protobuf;
using Format = ECapture.Events.V1.SqlStatement.Types.Parameter.Types.Format;
using Kind = ECapture.Events.V1.SqlStatement.Types.Kind;
using Outcome = ECapture.Events.V1.SqlStatement.Types.Outcome;

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
            Outcome = statement.Outcome switch
            {
                PostgresOutcome.Completed => Outcome.Ok,
                PostgresOutcome.Failed => Outcome.Error,
                _ => Outcome.Incomplete,
            },
            ErrorCode = statement.ErrorCode,
            ErrorMessage = UnsafeByteOperations.UnsafeWrap(statement.ErrorMessage),
            DurationNs = statement.DurationNs,
            Name = UnsafeByteOperations.UnsafeWrap(statement.Name),
        };
        if (statement.Rows is { } rows)
        {
            payload.Rows = rows;
        }

        foreach (PostgresParameter parameter in statement.Parameters)
        {
            payload.Parameters.Add(new SqlStatement.Types.Parameter
            {
                Format = parameter.Value is null ? Format.Null : parameter.IsBinary ? Format.Binary : Format.Text,
                Type = parameter.Type,
                Value = parameter.Value is null ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(parameter.Value),
            });
        }

        return new Event { SqlStatement = payload };
    }
}
