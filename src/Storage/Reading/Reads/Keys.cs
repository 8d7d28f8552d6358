using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Conditions on rows of any of several keys.</summary>
internal static class Keys
{
    /// <summary>Rows of any of these flows or connections; none when there are none.</summary>
    public static string Condition(SqlText sql, IReadOnlyCollection<ulong> flows, IReadOnlyCollection<ulong> connections)
    {
        var conditions = new List<string>(2);
        if (flows.Count > 0)
        {
            conditions.Add(sql.AnyOf("flow", flows));
        }

        if (connections.Count > 0)
        {
            conditions.Add(sql.AnyOf("connection", connections));
        }

        return conditions.Count == 0 ? "1 = 0" : string.Join(" OR ", conditions);
    }
}
