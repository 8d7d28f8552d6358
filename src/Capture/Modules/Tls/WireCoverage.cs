using System.Globalization;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Publishing;

namespace ECapture.Capture.Modules.Tls;

/// <summary>
/// Compares the TLS connections that begin on the wire with those of which secrets or plaintext were captured, and says of which processes there was
/// neither: what cannot be captured must not look like silence.
/// </summary>
/// <param name="context">Publishes, and knows which modules run.</param>
internal sealed class WireCoverage(ModuleContext context)
{
    private const ulong Second = 1_000_000_000;
    private const ulong PatienceNs = 5 * Second; // from a ClientHello until its secrets were read from their ring
    private const ulong RepeatNs = 60 * Second;
    private const int MostWaiting = 16 * 1024;
    private const int MostRemembered = 65_536;
    private const int MostProcesses = 4096;

    private readonly Queue<Hello> _waiting = new();
    private readonly GenerationTable<(UInt128, UInt128), bool> _randoms = new(MostRemembered);
    private readonly GenerationTable<SocketTuple, bool> _sockets = new(MostRemembered);
    private readonly GenerationTable<SocketTuple, bool> _quic = new(MostProcesses);
    private readonly GenerationTable<(uint Pid, ulong Start), User> _users = new(MostProcesses);
    private readonly GenerationTable<uint, ulong> _secretsOf = new(MostProcesses);
    private readonly Dictionary<(uint Pid, ulong Start), Said> _said = [];
    private readonly bool _isUsed = context.Options.Modules.Any(CaptureModules.WithSecrets.Contains);

    /// <summary>A connection began.</summary>
    /// <param name="header">Its packet's.</param>
    /// <param name="clientRandom">32 bytes of its ClientHello; empty: encrypted, as in QUIC.</param>
    internal void Began(in EventHeader header, ReadOnlySpan<byte> clientRandom)
    {
        if (!_isUsed || context.Gate?.WantsProcess(header) == false)
        {
            return;
        }

        bool isQuic = clientRandom.IsEmpty;
        if (isQuic && (_quic.TryGet(header.Socket, out _) || _quic.TryGet(header.Socket.Reversed(), out _)))
        {
            return; // repeated, or the answer
        }

        if (_waiting.Count >= MostWaiting)
        {
            context.Losses.Count("coverage", "TLS connection that was not compared with what was captured: too many began at once");
            return;
        }

        if (isQuic)
        {
            _quic.Add(header.Socket, true);
        }

        // Looked at now: it may have ended when it is known that nothing was captured.
        (uint, ulong) process = (header.Pid, header.ProcessStart);
        if (!_users.TryGet(process, out User user))
        {
            _users.Add(process, user = new User(Target(header), TlsProvider.Of((int)header.Pid)));
        }

        _waiting.Enqueue(new Hello(header, isQuic ? default : Key(clientRandom), isQuic, user));
    }

    /// <summary>A secret of a connection was captured.</summary>
    internal void Captured(ReadOnlySpan<byte> clientRandom, in EventHeader header)
    {
        if (!_isUsed)
        {
            return;
        }

        _randoms.Set(Key(clientRandom), true);
        _secretsOf.Set(header.Pid, header.BootNs);
    }

    /// <summary>Plaintext of a connection was captured.</summary>
    internal void Captured(in SocketTuple socket) => _sockets.Set(socket, true);

    /// <summary>Says what was not captured.</summary>
    internal void Tick(ulong bootNs)
    {
        while (_waiting.TryPeek(out Hello hello) && bootNs > hello.Header.BootNs + PatienceNs)
        {
            _waiting.Dequeue();
            if (!IsCaptured(hello))
            {
                Say(hello, bootNs);
            }
        }
    }

    private static (UInt128, UInt128) Key(ReadOnlySpan<byte> clientRandom) =>
        (MemoryMarshal.Read<UInt128>(clientRandom), MemoryMarshal.Read<UInt128>(clientRandom[16..]));

    private bool IsCaptured(in Hello hello)
    {
        SocketTuple socket = hello.Header.Socket;
        return hello.IsQuic
            ? _secretsOf.TryGet(hello.Header.Pid, out ulong last) && last + PatienceNs > hello.Header.BootNs
            : _randoms.TryGet(hello.ClientRandom, out _) || _sockets.TryGet(socket, out _) || _sockets.TryGet(socket.Reversed(), out _);
    }

    // Of each process at once, then every minute how many there were.
    private void Say(in Hello hello, ulong bootNs)
    {
        if (_said.Count >= MostProcesses)
        {
            _said.Clear();
        }

        ref Said said = ref CollectionsMarshal.GetValueRefOrAddDefault(_said, (hello.Header.Pid, hello.Header.ProcessStart), out bool isKnown);
        said.Connections++;
        if (isKnown && bootNs < said.AtNs + RepeatNs)
        {
            return;
        }

        said.AtNs = bootNs;
        string what = string.Create(
            CultureInfo.InvariantCulture, $"{said.Connections} {(hello.IsQuic ? "QUIC" : "TLS")} connection{(said.Connections == 1 ? "" : "s")} on the wire, neither secrets nor plaintext captured");
        said.Connections = 0;
        EventHeader header = hello.Header;
        header.BootNs = bootNs;
        context.NotCovered(header, "connection", hello.User.Path, $"{what}: {Reason(hello)}");
    }

    private static string Target(in EventHeader header) =>
        header.Pid == 0 ? "unknown process"
        : RunningPrograms.PathOf(header.Pid) ?? System.Text.Encoding.UTF8.GetString(((ReadOnlySpan<byte>)header.Comm)[..Length(header.Comm)]);

    private static int Length(ReadOnlySpan<byte> text) => text.IndexOf((byte)0) is >= 0 and int end ? end : text.Length;

    private string Reason(in Hello hello) => hello.User.Provider switch
    {
        _ when hello.Header.Pid == 0 => "whose process is not known",
        null => "the process ended before it could be looked at",
        { Name.Length: 0 } => "it uses no TLS library that is known (rustls, or a build that holds no key log)",
        { Module.Length: 0 } own => $"it uses {own.Name}, which has no function that secrets pass through",
        { } library when !context.Options.Modules.Contains(library.Module) => $"it uses {library.Name}, and module {library.Module} does not run",
        { } library => $"it uses {library.Name}, but not for this connection, or its build is not understood, or its probes stood too late",
    };

    private readonly record struct Hello(EventHeader Header, (UInt128, UInt128) ClientRandom, bool IsQuic, User User);

    private readonly record struct User(string Path, TlsProvider? Provider);

    private struct Said
    {
        internal ulong AtNs;
        internal int Connections;
    }
}
