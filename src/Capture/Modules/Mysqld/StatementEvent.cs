using System.Globalization;
using ECapture.Capture.Modules.Databases;
using ECapture.Events.V1;
using ECapture.Protocols.MySql;
using Google.Protobuf;
using Format = ECapture.Events.V1.SqlStatement.Types.Parameter.Types.Format;
using Kind = ECapture.Events.V1.SqlStatement.Types.Kind;
using Outcome = ECapture.Events.V1.SqlStatement.Types.Outcome;

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
            Outcome = statement.Outcome switch
            {
                MySqlOutcome.Completed => Outcome.Ok,
                MySqlOutcome.Failed => Outcome.Error,
                _ => Outcome.Incomplete,
            },
            ErrorCode = statement.SqlState,
            ErrorNumber = statement.ErrorNumber,
            ErrorMessage = UnsafeByteOperations.UnsafeWrap(statement.ErrorMessage),
            DurationNs = statement.DurationNs,
            Name = statement.Id == 0 ? ByteString.Empty : ByteString.CopyFromUtf8(statement.Id.ToString(CultureInfo.InvariantCulture)),
        };
        if (statement.Rows is { } rows)
        {
            payload.Rows = rows;
        }

        foreach (MySqlParameter parameter in statement.Parameters)
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
