using ECapture.Events;
using ECapture.Capture.Modules.Bash;
using ECapture.Capture.Modules.GnuTls;
using ECapture.Capture.Modules.GoTls;
using ECapture.Capture.Modules.Mysqld;
using ECapture.Capture.Modules.Nss;
using ECapture.Capture.Modules.Packet;
using ECapture.Capture.Modules.Postgres;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Modules.Tls;
using ECapture.Capture.Modules.Zsh;

namespace ECapture.Capture.Modules;

/// <summary>The modules that users can name. A new module is one line here.</summary>
public static class CaptureModules
{
    private static readonly SortedDictionary<string, Func<IModule>> s_factories = new(StringComparer.Ordinal)
    {
        ["bash"] = () => new BashModule(),
        ["gnutls"] = () => new GnuTlsModule(),
        ["gotls"] = () => new GoTlsModule(),
        ["mysqld"] = () => new MysqldModule(),
        ["nss"] = () => new NssModule(),
        ["packet"] = () => new PacketModule(),
        ["postgres"] = () => new PostgresModule(),
        ["process"] = () => new ProcessModule(),
        ["tls"] = () => new TlsModule(),
        ["zsh"] = () => new ZshModule(),
    };

    /// <summary>Modules that run whether they were named or not: others' events refer to theirs.</summary>
    public static IReadOnlyList<string> Always { get; } = [.. new[] { "process" }.Where(s_factories.ContainsKey)];

    /// <summary>Modules that publish TLS secrets.</summary>
    public static IReadOnlyList<string> WithSecrets { get; } = ["tls", "gnutls", "gotls", "nss"];

    /// <summary>The names, sorted.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_factories.Keys];

    /// <summary>Those that run when none is named: all of them.</summary>
    public static IReadOnlyList<string> Default { get; } = [.. Names.Except(Always)];

    /// <summary>Makes a module.</summary>
    /// <exception cref="CaptureException">There is none of that name; names the nearest.</exception>
    public static IModule Create(string name) =>
        s_factories.TryGetValue(name, out Func<IModule>? factory)
            ? factory()
            : throw new CaptureException(
                $"there is no module {name}{Nearest(name)}: the modules are {string.Join(", ", Names)}")
            { IsUsage = true };

    private static string Nearest(string name) =>
        NearestName.Find(name, Names) is { } nearest ? $" (did you mean {nearest}?)" : "";
}
