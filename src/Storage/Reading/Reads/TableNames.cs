using ECapture.Events;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Tables by topic, from constants: a topic that is none of this program's never reaches SQL.</summary>
internal static class TableNames
{
    public static string Of(string topic) => topic switch
    {
        Topics.Tls => "tls",
        Topics.GnuTls => "gnutls",
        Topics.GoTls => "gotls",
        Topics.Nss => "nss",
        Topics.Http => "http",
        Topics.Bash => "bash",
        Topics.Zsh => "zsh",
        Topics.Postgres => "postgres",
        Topics.Mysqld => "mysqld",
        Topics.Packet => "packet",
        Topics.Secret => "secret",
        Topics.Process => "process",
        Topics.Connection => "connection",
        Topics.Agent => "agent",
        Topics.Access => "access",
        Topics.Control => "control",
        _ => throw new ArgumentException($"unknown topic '{topic}'", nameof(topic)),
    };
}
