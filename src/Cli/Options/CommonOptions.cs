using System.CommandLine;
using ECapture.Capture.Modules;

namespace ECapture.Cli.Options;

/// <summary>
/// The options that several commands have, each declared once. Values are texts; what they mean is read by <see cref="OptionReader"/>, so that the command line, the
/// environment and the configuration file give the same errors.
/// </summary>
internal static class CommonOptions
{
    internal static readonly Option<string?> Data = Text("data", "DIR", "where ecapture keeps its data (default /var/lib/ecapture)");
    internal static readonly Option<string[]> Modules = List("modules", "NAME,…", $"what to capture (default {string.Join(',', CaptureModules.Default)})");
    internal static readonly Option<string[]> Interfaces = List("interface", "NAME", "interface of the packet module; may be repeated (default lo and those with a default route)", "-i");
    internal static readonly Option<string[]> TlsLibraries = List("tls-library", "FILE", "another TLS library to attach to");
    internal static readonly Option<string?> Btf = Text("btf", "0|1|2", "BPF objects: 0 the best that this kernel allows, 1 with kernel types (its own, or those of --btf-file), 2 without (default 0)", "-b");
    internal static readonly Option<string?> BtfFile = Text("btf-file", "FILE", "the kernel's types (BTF, or a vmlinux that has them) where /sys/kernel/btf/vmlinux is missing");
    internal static readonly Option<bool> NoPlaintext = Switch("no-plaintext", "of shared TLS libraries only secrets: packets decrypt all the same, and a busy server keeps most of its speed");
    internal static readonly Option<string[]> GoPrograms = List("go-program", "FILE", "Go program to attach to before it runs (module gotls)");
    internal static readonly Option<string?> PayloadLimit = Text("payload-limit", "BYTES", "bytes kept of one payload where the policy does not say; what is cut is said in the event (default 524288)");
    internal static readonly Option<string?> Policy = Text("policy", "FILE", "policy file: bytes kept, redaction, rotation, retention (default: all is kept; `ecapture policy` says more)");
    internal static readonly Option<string?> Tenant = Text("tenant", "NAME", "tenant written into every event");
    internal static readonly Option<string?> HostName = Text("host-name", "NAME", "host written into every event (default this machine's name)");
    internal static readonly Option<string[]> ExcludedDatabaseUsers = List("exclude-database-user", "NAME", "database user whose statements are not captured: a sink's on another host");
    internal static readonly Option<string?> Log = Text("log", "ADDRESS", "kafka://host:port[,host:port][?option=value] or sqlite:DIR (default sqlite:DATA/log)");
    internal static readonly Option<string?> LogLimit = Text("log-limit", "BYTES", "most bytes the local log may hold (default 8589934592)");
    internal static readonly Option<string?> LogGroup = Text("log-group", "GROUP", "Unix group that may read the local log, name or number (default none)");
    internal static readonly Option<string[]> ExcludedPids = List("exclude-pid", "PID", "process whose own traffic and statements are not captured");
    internal static readonly Option<bool> Supervised = Hidden(Switch("supervised", "standard input is the supervisor's control channel"));
    internal static readonly Option<string?> Store = Text("store", "ADDRESS", "chdb:DIR, clickhouse://user@host:8123/database or postgres://user@host/database (default chdb:DATA/store)");
    internal static readonly Option<string?> Group = Text("group", "NAME", "consumer group of the sink (default sink)");
    internal static readonly Option<string?> SinkMemory = Text("sink-memory", "BYTES", "memory of the sink's batches, above which it stops reading until the store has taken some (default 150994944)");
    internal static readonly Option<string?> Listen = Text("listen", "URL", "address of the API (default http://127.0.0.1:8080; port 0: a free one)");
    internal static readonly Option<bool> InsecureListen = Switch("insecure-listen", "allow --listen on an address that is not a loopback one, although nobody is asked who they are");
    internal static readonly Option<string[]> SealTo = List("seal-to", "FILE", "file of public keys that TLS secrets are sealed to; none keeps them open (default DATA/keys/recipients.pem)");
    internal static readonly Option<string[]> Key = List("key", "FILE", "private key that opens the sealed TLS secrets of a store that is read here, beside those of DATA/keys");
    internal static readonly Option<string?> TlsCertificate = Text("tls-certificate", "FILE", "certificate chain (PEM) of an https --listen; everybody is asked for a token then");
    internal static readonly Option<string?> TlsKey = Text("tls-key", "FILE", "private key (PEM) of --tls-certificate");
    internal static readonly Option<string?> TlsClientAuthorities =
        Text("tls-client-ca", "FILE", "authorities (PEM): callers must show a certificate that one of them signed, beside their token");
    internal static readonly Option<bool> FourEyes = Switch("four-eyes", "give TLS secrets only when a second keyholder approved the request (ecapture key release); needs --require-token or https");
    internal static readonly Option<string?> QueryTimeout = Text("query-timeout", "TIME", "how long a question may take until its answer begins, such as 30s (default 5m)");
    internal static readonly Option<bool> RequireToken = Switch("require-token", "ask callers on this machine for a token, too");
    internal static readonly Option<string?> Health = Text("health", "URL", "address for /health/live and /health/ready (default none)");
    internal static readonly Option<string?> Otlp = Text("otlp", "URL", "send metrics, traces and logs to this OpenTelemetry collector (OTLP over HTTP)");
    internal static readonly Option<string?> LogLevel = Text("log-level", "LEVEL", "trace, debug, information, warning or error (default information)");
    internal static readonly Option<string?> LogFormat = Text("log-format", "FORMAT", "text or json (default text)");
    internal static readonly Option<string?> User = Text("user", "NAME", "unprivileged user that runs sink and query (default ecapture)");

    /// <summary>Every command has these.</summary>
    internal static IReadOnlyList<Option> Diagnostics { get; } = [Otlp, LogLevel, LogFormat];

    /// <summary>Makes an option with one value.</summary>
    internal static Option<string?> Text(string name, string value, string description, params string[] aliases) =>
        new("--" + name, aliases) { Description = description, HelpName = value };

    /// <summary>Makes an option that may be repeated or hold a list with commas.</summary>
    internal static Option<string[]> List(string name, string value, string description, params string[] aliases) =>
        new("--" + name, aliases)
        {
            Description = description,
            HelpName = value,
            AllowMultipleArgumentsPerToken = false,
            Arity = ArgumentArity.OneOrMore,
        };

    private static Option<T> Hidden<T>(Option<T> option)
    {
        option.Hidden = true;
        return option;
    }

    /// <summary>Makes a switch.</summary>
    internal static Option<bool> Switch(string name, string description, params string[] aliases) =>
        new("--" + name, aliases) { Description = description };
}
