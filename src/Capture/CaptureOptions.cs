using ECapture.Capture.Bpf;
using ECapture.Capture.Filters;
using ECapture.Capture.Modules;
using ECapture.Policies;

namespace ECapture.Capture;

/// <summary>What to capture.</summary>
public sealed record CaptureOptions
{
    /// <summary>Names of the modules to run; default <see cref="CaptureModules.Default"/>.</summary>
    public IReadOnlyList<string> Modules { get; init; } = CaptureModules.Default;

    /// <summary>Interfaces of the packet module; none: loopback and those with a default route.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    /// <summary>Extra TLS libraries or programs to attach to, beside those found on disk and in running processes.</summary>
    public IReadOnlyList<string> TlsLibraries { get; init; } = [];

    /// <summary>Extra GnuTLS libraries.</summary>
    public IReadOnlyList<string> GnuTlsLibraries { get; init; } = [];

    /// <summary>Extra libraries of NSS (libnspr4, libssl3, libfreeblpriv3) under any name.</summary>
    public IReadOnlyList<string> NssLibraries { get; init; } = [];

    /// <summary>
    /// False: of shared TLS libraries (modules tls, gnutls, nss) only secrets, no plaintext. Packets decrypt all the same, and a busy server keeps most of its speed.
    /// </summary>
    public bool TlsPlaintext { get; init; } = true;

    /// <summary>Go programs to attach to up front, beside those that run or start.</summary>
    public IReadOnlyList<string> GoPrograms { get; init; } = [];

    /// <summary>Extra PostgreSQL server programs.</summary>
    public IReadOnlyList<string> PostgresPrograms { get; init; } = [];

    /// <summary>Extra MariaDB or MySQL server programs.</summary>
    public IReadOnlyList<string> MysqldPrograms { get; init; } = [];

    /// <summary>Extra bash programs.</summary>
    public IReadOnlyList<string> BashPrograms { get; init; } = [];

    /// <summary>Libraries that hold readline for a bash without a line editor of its own (GNU readline as a shared library).</summary>
    public IReadOnlyList<string> ReadlineLibraries { get; init; } = [];

    /// <summary>Extra zsh programs.</summary>
    public IReadOnlyList<string> ZshPrograms { get; init; } = [];

    /// <summary>
    /// Processes (thread group ids) that functions of libraries and servers are traced in, where the kernel can (Linux 6.10): nobody else pays for it. What comes from others, as
    /// on older kernels, is not left out by this. Empty: all. Shells are watched all the same: what one of them starts is another process.
    /// </summary>
    public IReadOnlyList<int> OnlyPids => Filter is { IsFixed: true } filter ? [.. filter.Rules.Pids.Select(p => (int)p)] : [];

    /// <summary>What of all that is captured; null: everything. With fixed rules, the TLS modules leave processes that are not wanted alone in the kernel.</summary>
    public CaptureFilter? Filter { get; init; }

    /// <summary>Processes whose own traffic and statements are not captured (this pipeline's).</summary>
    public IReadOnlyList<int> ExcludedPids { get; init; } = [];

    /// <summary>
    /// Database users whose statements are not captured: that of a sink which runs on another host. (One on this host is known by its
    /// process.)
    /// </summary>
    public IReadOnlyList<string> ExcludedDatabaseUsers { get; init; } = [];

    /// <summary>Most bytes of a payload that are kept; the rest is cut and said so. Default 1 MiB.</summary>
    public int PayloadLimit { get; init; } = 1 << 20;

    /// <summary>What is kept of each module's events and what is overwritten in them; null: <see cref="PayloadLimit"/> and nothing.</summary>
    public Policy? Policy { get; init; }

    /// <summary>Key of the HMAC that stands for what was cut from a redacted payload, at least 16 bytes; null: one of this run alone.</summary>
    public ReadOnlyMemory<byte>? TruncationKey { get; init; }

    /// <summary>Most bytes of encoded events that wait for the local log; beyond it events are counted as lost. Default 64 MiB.</summary>
    public long QueueLimit { get; init; } = 64L << 20;

    /// <summary>Files of public keys that TLS secrets are sealed to before they reach the log; read again every minute.</summary>
    public IReadOnlyList<string> SealTo { get; init; } = [];

    /// <summary>
    /// Keeps TLS secrets open: whoever reads the log or the store can decrypt what was captured. Must be asked for; without it and without
    /// <see cref="SealTo"/> nothing starts.
    /// </summary>
    public bool KeepSecretsOpen { get; init; }

    /// <summary>Which BPF objects are used: with the kernel's types or without; default: with, where there are some.</summary>
    public BtfMode Btf { get; init; }

    /// <summary>A file with the kernel's types, for a kernel that does not hold them; null: none.</summary>
    public string? BtfFile { get; init; }

    /// <summary>Where the kernel's own types are.</summary>
    public string KernelBtf { get; init; } = KernelFit.KernelPath;

    /// <summary>Folder of the compiled BPF objects; default <c>bpf</c> beside the program.</summary>
    public string ObjectDirectory { get; init; } = Path.Combine(AppContext.BaseDirectory, "bpf");

    /// <summary>Tenant written into every event.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>Host name written into every event; default the machine's.</summary>
    public string Host { get; init; } = Environment.MachineName;
}
