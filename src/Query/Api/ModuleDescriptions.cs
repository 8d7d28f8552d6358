using ECapture.Events;

namespace ECapture.Query.Api;

/// <summary>What the events of a module are.</summary>
internal static class ModuleDescriptions
{
    public static string Of(string topic) => topic switch
    {
        Topics.Tls => "plaintext of TLS library calls",
        Topics.GnuTls => "plaintext of GnuTLS calls",
        Topics.GoTls => "TLS plaintext of Go programs",
        Topics.Nss => "TLS plaintext of NSS programs",
        Topics.Http => "HTTP requests with their responses, and WebSocket messages, put together from TLS plaintext",
        Topics.Bash => "lines of bash and commands of shells, with their exit status",
        Topics.Zsh => "lines and commands of zsh, with their exit status",
        Topics.Postgres => "SQL statements of PostgreSQL servers: parameters, user, database, rows, error, duration",
        Topics.Mysqld => "SQL statements of MariaDB and MySQL servers: parameters, user, database, rows, error, duration",
        Topics.Packet => "frames of network interfaces",
        Topics.Secret => "TLS secrets, as lines of a key log",
        Topics.Process => "processes started and ended",
        Topics.Connection => "connections opened and closed, and what ties them to flows and TLS sessions",
        Topics.Agent => "what agents say of themselves: started, stopped, lost, not covered",
        Topics.Access => "who asked for what is kept, and what he got",
        Topics.Control => "what was done to what is kept: retention, archive, holds, tokens",
        _ => "",
    };
}
