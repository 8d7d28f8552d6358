using ECapture.Protocols.Sql;

namespace ECapture.Fuzz;

/// <summary>Statements with every kind of literal, quote and comment, changed and cut, in both dialects.</summary>
public sealed class SqlTarget : IFuzzTarget
{
    private static readonly byte[][] s_statements =
    [
        "SELECT a.\"b\", `c`, 'it''s', E'\\'', $tag$ x $tag$, $1, ?, :n FROM t WHERE x IN (1, -2.5e-3, 0xff) -- end"u8.ToArray(),
        "/* a /* b */ c */ INSERT INTO t (a, b) VALUES (1, 'x'), (2, NULL), (3, now()) # end"u8.ToArray(),
        "/*!40101 SET NAMES utf8 */; UPDATE `t` SET a = a - 1, b = _utf8'x' \"y\" WHERE c <> U&'d\\0061' || B'01';"u8.ToArray(),
    ];

    public string Name => "sql";

    public (long Fed, long Kept) Run(Random random)
    {
        byte[] statement = Mutator.Change(s_statements[random.Next(s_statements.Length)], random);
        statement = statement[..random.Next(statement.Length + 1)];
        foreach (SqlDialect dialect in Enum.GetValues<SqlDialect>())
        {
            byte[] normal = SqlFingerprint.Normalize(statement, dialect);
            if (normal.Length > (2 * statement.Length) + 1 || (SqlFingerprint.Of(statement, dialect) == 0) != (normal.Length == 0))
            {
                throw new InvalidOperationException($"a statement of {statement.Length} bytes has a normal form of {normal.Length}");
            }
        }

        return (2 * statement.Length, 0);
    }
}
