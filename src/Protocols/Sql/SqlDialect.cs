namespace ECapture.Protocols.Sql;

/// <summary>Whose rules of literals, comments and quotes a statement follows.</summary>
public enum SqlDialect
{
    /// <summary>PostgreSQL (documentation, "Lexical Structure").</summary>
    Postgres,

    /// <summary>MariaDB and MySQL (reference manual, "Language Structure"), with the default sql_mode: double quotes hold strings.</summary>
    MySql,
}
