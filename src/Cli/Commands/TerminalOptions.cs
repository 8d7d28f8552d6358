using System.CommandLine;
using ECapture.Cli.Options;

namespace ECapture.Cli.Commands;

/// <summary>The options of the terminal commands: eCapture's names with eCapture's meanings (docs/from-ecapture.md).</summary>
internal static class TerminalOptions
{
    internal static readonly Option<string?> Settings = CommonOptions.Text("settings", "FILE", "filters, display and BPF objects as JSON, read again whenever the file changes; what a wrong edit would change stays");
    internal static readonly Option<bool> Hex = CommonOptions.Switch("hex", "show bodies and plaintext as hex dumps");
    internal static readonly Option<bool> Json = CommonOptions.Switch("json", "print a JSON object per line");
    internal static readonly Option<string?> MapSize = CommonOptions.Text("mapsize", "KB", "memory per processor for what waits to be written (default 32768)");
    internal static readonly Option<string?> TruncateSize = CommonOptions.Text("tsize", "BYTES", "show this much of a body, statement or command; a mark says how much there was (default 0: all)", "-t");
    internal static readonly Option<bool> Debug = CommonOptions.Switch("debug", "say on standard error what is attached, and where errors come from", "-d");

    internal static readonly Option<string?> Mode = CommonOptions.Text("model", "MODE", "text, keylog (or key), pcapng (or pcap) (default text)", "-m");
    internal static readonly Option<string?> LibSsl = CommonOptions.Text("libssl", "FILE", "another OpenSSL or BoringSSL library, or a program that holds one");
    internal static readonly Option<string?> SslVersion = CommonOptions.Text("ssl_version", "TEXT", "accepted and not needed: versions are found out from the library's code");
    internal static readonly Option<string?> CgroupPath = CommonOptions.Text("cgroup_path", "DIR", "accepted and not needed: connections are seen without a cgroup");
    internal static readonly Option<string?> KeyLogFile = CommonOptions.Text("keylogfile", "FILE", "where keys go with -m keylog; lines are appended (default ecapture_MODULE_key.log)", "-k");
    internal static readonly Option<string[]> Interfaces = CommonOptions.List("ifname", "NAME", "interface of -m pcapng; may be repeated (default lo and those with a default route)", "-i", "--interface");
    internal static readonly Option<string?> PcapFile = CommonOptions.Text("pcapfile", "FILE", "where packets and keys go with -m pcapng; - is standard output (default save.pcapng)", "-w");
    internal static readonly Option<string?> RotateSize = CommonOptions.Text("eventroratesize", "MB", "put the file aside when it has this size and go on in a new one (default 0: never)");
    internal static readonly Option<string?> RotateTime = CommonOptions.Text("eventroratetime", "SECONDS", "put the file aside at this age and go on in a new one (default 0: never)");
    internal static readonly Option<string?> LogAddress = CommonOptions.Text("logaddr", "ADDRESS", "also write there: a file, tcp://host:port, ws:// or wss://host:port/path", "-l");
    internal static readonly Option<string?> EventAddress = CommonOptions.Text("eventaddr", "ADDRESS", "what was captured goes there instead of to --logaddr, which keeps the messages");
    internal static readonly Option<string?> EventFormat = CommonOptions.Text("eventformat", "FORMAT", "form at --eventaddr or --logaddr: text, json or protobuf (default text, with --json json)");
    internal static readonly Option<string?> RotateKeep = CommonOptions.Text("eventrotatekeep", "COUNT", "files put aside that are kept (default 0: all)");
    internal static readonly Option<bool> RotateGzip = CommonOptions.Switch("eventrotategzip", "compress files that were put aside");
    internal static readonly Option<string?> ECaptureQ = CommonOptions.Text("ecaptureq", "ADDRESS", "serve clients of eCaptureQ there: ws://127.0.0.1:28257/, or wss:// with certificate and ECAPTURE_ECAPTUREQ_TOKEN");
    internal static readonly Option<string?> ECaptureQCertificate = CommonOptions.Text("ecaptureq-cert", "FILE", "certificate for --ecaptureq wss://, PEM");
    internal static readonly Option<string?> ECaptureQKey = CommonOptions.Text("ecaptureq-key", "FILE", "its private key, PEM");

    internal static readonly Option<string?> Listen = CommonOptions.Text("listen", "HOST:PORT", "change filters, display and BPF objects over HTTP there, on a loopback address, with the token in ECAPTURE_LISTEN_TOKEN (default off)");
    internal static readonly Option<bool> ListenOpen = CommonOptions.Switch("listen-open", "no token for --listen: everybody on this machine may change what is captured");

    internal static readonly Argument<string[]> PacketFilter = new("FILTER")
    {
        Description = "packet filter of -m pcapng, as tcpdump has it: tcp port 443 and host 192.0.2.1",
        Arity = ArgumentArity.ZeroOrMore,
    };

    internal static readonly Option<string?> GoProgram = CommonOptions.Text("elfpath", "FILE", "Go program to attach to before it runs; others are found when they run", "-e");
    internal static readonly Option<string?> GnuTls = CommonOptions.Text("gnutls", "FILE", "another GnuTLS library");
    internal static readonly Option<string?> Nspr = CommonOptions.Text("nspr", "FILE", "another NSPR library");

    internal static readonly Option<string?> Bash = CommonOptions.Text("bash", "FILE", "another bash program; those on disk and those that run are found");
    internal static readonly Option<string?> Readline = CommonOptions.Text("readlineso", "FILE", "readline library of a bash that has no line editor of its own; its lines come without exit status");
    internal static readonly Option<string?> ExitStatus = CommonOptions.Text("errnumber", "STATUS", "only commands that ended with this status, once they ended (default 128: all, at once)", "-e");
    internal static readonly Option<string?> Zsh = CommonOptions.Text("zsh", "FILE", "another zsh program");

    internal static readonly Option<string?> Mysqld = CommonOptions.Text("mysqld", "FILE", "another server program; those on disk and those that run are found", "-m");
    internal static readonly Option<string?> Postgres = CommonOptions.Text("postgres", "FILE", "another server program; those on disk and those that run are found", "-m");
    internal static readonly Option<string?> Function = CommonOptions.Text("funcname", "NAME", "accepted and not needed: statements are read from the protocol", "-f");
    internal static readonly Option<string?> Offset = CommonOptions.Text("offset", "HEX", "accepted and not needed: statements are read from the protocol");

    /// <summary>Every terminal command has these.</summary>
    internal static IReadOnlyList<Option> Common { get; } =
    [
        .. FilterOptions.OfProcesses, Settings, Hex, Json, TruncateSize, LogAddress, EventAddress, EventFormat, RotateSize, RotateTime, RotateKeep, RotateGzip,
        ECaptureQ, ECaptureQCertificate, ECaptureQKey, Listen, ListenOpen, MapSize, CommonOptions.Btf, CommonOptions.BtfFile, Debug,
    ];

    /// <summary>What a module has beside <see cref="Common"/>.</summary>
    internal static IEnumerable<Option> Of(TerminalModule module) => module.Kind switch
    {
        TerminalKind.Tls => [Mode, PcapFile, Interfaces, KeyLogFile, FilterOptions.Ports, .. Library(module.Name)],
        TerminalKind.Shell => module.Name == "bash" ? [Bash, Readline, ExitStatus] : [Zsh],
        _ => module.Name == "mysqld" ? [Mysqld, FilterOptions.Ports, Function, Offset] : [Postgres, FilterOptions.Ports, Function],
    };

    /// <summary>Options that eCapture needs and this program does not.</summary>
    internal static IReadOnlyList<Option<string?>> NotNeeded { get; } = [SslVersion, CgroupPath, Function, Offset];

    private static IEnumerable<Option> Library(string module) => module switch
    {
        "gotls" => [GoProgram],
        "gnutls" => [GnuTls],
        "nss" => [Nspr],
        _ => [LibSsl, SslVersion, CgroupPath],
    };
}
