using ECapture.Events.V1;
using ECapture.Tests.Support.MariaDb;
using Parameter = ECapture.Events.V1.SqlStatement.Types.Parameter;

namespace ECapture.Tests.EndToEnd.Mysqld;

/// <summary>What each session did, as text that can be compared: user, database, error number and statement of each, in the session's order.</summary>
internal static class AuditedSessions
{
    internal static IEnumerable<string> Of(IEnumerable<AuditedStatement> audited) =>
        By(audited, a => a.Thread, a => $"{a.User} {a.Database} {a.Error} {a.Text}");

    internal static IEnumerable<string> Of(IEnumerable<Event> statements) => By(statements, e => e.Connection, e => string.Join('\n', Lines(e.SqlStatement)));

    /// <summary>Groups by session; sessions come in an order that does not depend on who numbered them.</summary>
    internal static IEnumerable<string> By<T, TKey>(IEnumerable<T> of, Func<T, TKey> session, Func<T, string> line) =>
        of.GroupBy(session).Select(g => string.Join('\n', g.Select(line))).Order(StringComparer.Ordinal);

    /// <summary>The statement as the server's logs show it: an execution with its values.</summary>
    internal static string WithValues(SqlStatement statement)
    {
        string text = statement.Statement.ToStringUtf8();
        foreach (Parameter parameter in statement.Parameters)
        {
            int at = text.IndexOf('?', StringComparison.Ordinal);
            string value = parameter.Format == Parameter.Types.Format.Null ? "NULL"
                : parameter.Type == 12 ? $"TIMESTAMP'{(parameter.Value.Length > 10 ? parameter.Value.ToStringUtf8() : parameter.Value.ToStringUtf8() + " 00:00:00")}'"
                : (parameter.Type & 0xff) is 252 or 253 or 254 ? $"'{parameter.Value.ToStringUtf8()}'"
                : parameter.Value.ToStringUtf8();
            text = string.Concat(text.AsSpan(0, at), value, text.AsSpan(at + 1));
        }

        return text;
    }

    // A command of several statements is one event, as the client sent it; the plugin writes each that was begun. An error is the last one's.
    private static IEnumerable<string> Lines(SqlStatement s)
    {
        string[] texts = WithValues(s) switch
        {
            "select 1; select 2; select * from nothere; select 3" => ["select 1", "select 2", "select * from nothere"],
            "select 4; insert into u values (7, '7'); select 5" => ["select 4", "insert into u values (7, '7')", "select 5"],
            string one => [one],
        };
        return texts.Select((text, i) => $"{s.User.ToStringUtf8()} {s.Database.ToStringUtf8()} {(i == texts.Length - 1 ? s.ErrorNumber : 0)} {text}");
    }
}
