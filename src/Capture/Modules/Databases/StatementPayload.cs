using ECapture.Events.V1;
using ECapture.Protocols.Sql;
using Google.Protobuf;
using Format = ECapture.Events.V1.SqlStatement.Types.Parameter.Types.Format;
using Outcome = ECapture.Events.V1.SqlStatement.Types.Outcome;

namespace ECapture.Capture.Modules.Databases;

/// <summary>What the statements of all servers have in their events alike.</summary>
internal static class StatementPayload
{
    internal static Outcome Of(SqlOutcome outcome) => outcome switch
    {
        SqlOutcome.Completed => Outcome.Ok,
        SqlOutcome.Failed => Outcome.Error,
        _ => Outcome.Incomplete,
    };

    /// <summary>The event of a statement.</summary>
    /// <param name="payload">Everything else.</param>
    /// <param name="rows">Rows read or changed; null where the server did not say.</param>
    /// <param name="parameters">Their values are not copied.</param>
    internal static Event Complete(SqlStatement payload, ulong? rows, IReadOnlyList<SqlParameter> parameters)
    {
        if (rows is { } count)
        {
            payload.Rows = count;
        }

        foreach (SqlParameter parameter in parameters)
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
