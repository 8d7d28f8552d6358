using ECapture.Capture.Symbols;
using ECapture.Events;

namespace ECapture.Capture.Modules.Tls;

/// <summary>What distinguishes one TLS library from another: the names of its files and functions, and where its events go.</summary>
internal sealed class TlsApi
{
    /// <summary>The name users give to the module.</summary>
    internal required string Module { get; init; }

    /// <summary>Topic of the plaintext.</summary>
    internal required string Topic { get; init; }

    /// <summary>The library as events name it.</summary>
    internal required string Library { get; init; }

    /// <summary>How the names of its files begin; <see cref="IsLibraryName"/> decides.</summary>
    internal required IReadOnlyList<string> FilePrefixes { get; init; }

    /// <summary>True for the file names that the library has.</summary>
    internal required FileNameTest IsLibraryName { get; init; }

    /// <summary>The exported functions that get probes.</summary>
    internal required IReadOnlyList<TlsApiFunction> Functions { get; init; }

    /// <summary>
    /// Functions that are not exported and stand behind several that are; the first of those that replace the same is used. They cost less, too: they begin with an instruction that
    /// the kernel imitates (push), where it runs others one at a time, at a processor exception each; inside a virtual machine that is ten times as much as all the rest of a probe.
    /// </summary>
    internal IReadOnlyList<TlsInnerFunction> Inner { get; init; } = [];

    /// <summary>The exported function that gives a connection's client random.</summary>
    internal required FieldAccessor ClientRandomAccessor { get; init; }

    /// <summary>The exported function that gives a TLS 1.2 connection's master secret; null: not needed.</summary>
    internal FieldAccessor? MasterSecretAccessor { get; init; }

    /// <summary>The libraries of this kind that the user named.</summary>
    internal required Func<CaptureOptions, IReadOnlyList<string>> ExtraLibraries { get; init; }

    /// <summary>Programs have it built in, where no file name tells: it is found by what files hold.</summary>
    internal bool IsBuiltIn { get; init; }

    /// <summary>The module's number in the ring that all TLS modules share; see <see cref="TlsMember"/>.</summary>
    internal required uint Member { get; init; }

    /// <summary>Makes what reads its files; default one for libraries that export what matters.</summary>
    internal Func<TlsApi, ILibraryPlanner> NewPlanner { get; init; } = static api => new ExportPlanner(api);

    /// <summary>OpenSSL, and what exports its functions.</summary>
    internal static TlsApi OpenSsl { get; } = new()
    {
        Module = "tls",
        Topic = Topics.Tls,
        Library = "openssl",
        FilePrefixes = ["libssl"],
        IsBuiltIn = true,
        Member = TlsMember.Tls,
        IsLibraryName = LibraryFile.IsOpenSslName,
        Functions =
        [
            new("SSL_read", TlsFunction.Read, HasReturn: true, IsNeeded: true),
            new("SSL_write", TlsFunction.Write, HasReturn: true, IsNeeded: true),
            new("SSL_read_ex", TlsFunction.ReadEx, HasReturn: true),
            new("SSL_write_ex", TlsFunction.WriteEx, HasReturn: true),
            new("SSL_write_ex2", TlsFunction.WriteEx2, HasReturn: true),
            new("SSL_free", TlsFunction.Free),
        ],
        // ssl_read_internal and ssl_write_internal, which BIO_f_ssl calls; the latter takes flags since there is SSL_write_ex2 (OpenSSL 3.3).
        Inner =
        [
            new("SSL_read_ex", "SSL_read", TlsFunction.ReadEx, [TlsFunction.Read, TlsFunction.ReadEx]),
            new("SSL_write_ex2", "SSL_write", TlsFunction.WriteEx2, [TlsFunction.Write, TlsFunction.WriteEx, TlsFunction.WriteEx2]),
            new("SSL_write_ex", "SSL_write", TlsFunction.WriteEx, [TlsFunction.Write, TlsFunction.WriteEx, TlsFunction.WriteEx2]),
        ],
        ClientRandomAccessor = FieldAccessor.OpenSslClientRandom,
        ExtraLibraries = options => options.TlsLibraries,
    };

    /// <summary>Tests a file name without its folder.</summary>
    internal delegate bool FileNameTest(ReadOnlySpan<char> fileName);
}

/// <summary>A function that exported ones call, with the arguments of the first.</summary>
/// <param name="Wrapper">Symbol of one that only calls it.</param>
/// <param name="Sibling">Symbol of another one that calls it.</param>
/// <param name="Kind">What it does, as the BPF program names it.</param>
/// <param name="Replaces">The exported functions that need no probe beside it.</param>
internal readonly record struct TlsInnerFunction(string Wrapper, string Sibling, TlsFunction Kind, IReadOnlyList<TlsFunction> Replaces);

/// <summary>An exported function of a TLS library.</summary>
/// <param name="Name">Its symbol.</param>
/// <param name="Kind">What it does, as the BPF program names it.</param>
/// <param name="HasReturn">Its return matters.</param>
/// <param name="IsNeeded">A library without it is not captured wholly, and this is said.</param>
internal readonly record struct TlsApiFunction(string Name, TlsFunction Kind, bool HasReturn = false, bool IsNeeded = false);
