using ECapture.Events;
using ECapture.Storage.Tables;

namespace ECapture.Storage.Reading.Sql;

/// <summary>Compiles an <see cref="EventFilter"/> into the WHERE clause of one table.</summary>
internal static class FilterConditions
{
    /// <summary>Appends <c>WHERE …</c>, at least a condition that always holds.</summary>
    public static void AppendWhere(SqlText sql, EventFilter filter, string topic)
    {
        sql.Append(" WHERE 1 = 1");
        if (filter.From is { } from)
        {
            And(sql, $"ts >= {sql.TimeFloor(from)}");
        }

        if (filter.To is { } to)
        {
            And(sql, $"ts < {sql.TimeCeiling(to)}");
        }

        if (filter.Hosts.Count > 0)
        {
            And(sql, sql.AnyOfTexts("host", filter.Hosts));
        }

        if (filter.Processes.Count > 0)
        {
            And(sql, sql.AnyOfNames("process", filter.Processes));
        }

        Numbers(sql, "pid", filter.Pids, v => v);
        Numbers(sql, "uid", filter.Uids, v => v);
        Numbers(sql, "connection", filter.Connections, v => v);
        Numbers(sql, "flow", filter.Flows, v => v);
        if (filter.Events.Count > 0)
        {
            And(sql, OneOf(sql, [.. filter.Events.Where(e => e.Id.Topic == topic)]));
        }

        if (filter.Ports.Count > 0)
        {
            ulong[] ports = [.. filter.Ports.Select(p => (ulong)p)];
            And(sql, $"({sql.AnyOf("local_port", ports)} OR {sql.AnyOf("remote_port", ports)})");
        }

        if (filter.Addresses.Count > 0)
        {
            And(sql, "(" + string.Join(" OR ", filter.Addresses.Select(
                a => $"{sql.InRange("local_address", a)} OR {sql.InRange("remote_address", a)}")) + ")");
        }

        if (filter.Text is { } text)
        {
            And(sql, sql.Contains("data", text));
        }

        if (filter.Expression is { } expression && EventTable.Of(topic) is { } table)
        {
            And(sql, ExpressionConditions.Compile(sql, expression, table));
        }

        if (!filter.IncludeResults && topic is Topics.Bash or Topics.Zsh or Topics.Process)
        {
            byte result = topic == Topics.Process ? EventKinds.ProcessExit : EventKinds.ShellResult;
            And(sql, $"kind <> {sql.Number(result)}");
        }
    }

    private static string OneOf(SqlText sql, EventPlace[] events) => events.Length == 0 ? "1 = 0" : "(" + string.Join(" OR ", events.Select(e =>
        $"(run = {sql.Uuid(e.Id.Run)} AND partition = {sql.Number((ulong)e.Id.Partition)} AND sequence = {sql.Number(e.Id.Sequence)}"
        + (e.Time is { } time ? $" AND ts >= {sql.TimeFloor(time)} AND ts <= {sql.TimeCeiling(time)})" : ")"))) + ")";

    private static void Numbers<T>(SqlText sql, string column, IReadOnlyList<T> values, Func<T, ulong> widen)
    {
        if (values.Count > 0)
        {
            And(sql, sql.AnyOf(column, [.. values.Select(widen)]));
        }
    }

    private static void And(SqlText sql, string condition) => sql.Append(" AND ").Append(condition);
}
