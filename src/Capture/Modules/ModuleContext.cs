using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Policies;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Modules;

/// <summary>What the agent lends its modules.</summary>
public sealed class ModuleContext
{
    private Tls.WireCoverage? _wire;
    private Tls.Earlier.EarlierConnections? _earlier;
    private SharedRing? _shellRing;
    private SharedRing? _databaseRing;
    private SharedRing? _tlsRing;

    /// <summary>Folder of the compiled BPF objects.</summary>
    public required string ObjectDirectory { get; init; }

    /// <summary>Which of their sets is used.</summary>
    public KernelFit Fit { get; init; } = new(ObjectSet.Kernel, null, "the kernel's own types");

    /// <summary>The one reader of all rings.</summary>
    public required RingReader Rings { get; init; }

    /// <summary>Where events go.</summary>
    public required IEventPublisher Publisher { get; init; }

    /// <summary>Counts what a module's rings lost and publishes it.</summary>
    public required ILossAccount Losses { get; init; }

    /// <summary>
    /// Maps of the base object that every module may share by name (see bpf/include/shared.h): <c>thread_socket</c>,
    /// <c>socket_owner</c>, <c>excluded_processes</c>.
    /// </summary>
    public required IReadOnlyDictionary<string, BpfMap> SharedMaps { get; init; }

    /// <summary>Starts and ends of processes, as the module <c>process</c> sees them; it is started first.</summary>
    public Processes.ProcessFeed Processes { get; } = new();

    /// <summary>Counts what becomes of what the probes were hit for; null: nobody does.</summary>
    internal ProbeAccount? Probes { get; init; }

    /// <summary>The ring of the modules <c>process</c>, <c>bash</c> and <c>zsh</c>: what shells see and processes stay in order. Members: type of a record / 16.</summary>
    internal SharedRing ShellRing => _shellRing ??= NewRing("shells", static record => TypeOf(record) / 16u, leads: true);

    /// <summary>The ring of the database servers' modules. Members: type of a record / 16.</summary>
    internal SharedRing DatabaseRing => _databaseRing ??= NewRing("databases", static record => TypeOf(record) / 16u);

    /// <summary>The ring of the TLS libraries' modules. Members: their numbers (<see cref="Tls.TlsMember"/>).</summary>
    internal SharedRing TlsRing => _tlsRing ??= NewRing("tls", Tls.TlsMember.Of);

    /// <summary>Gives connection ids.</summary>
    public required ConnectionIds Connections { get; init; }

    /// <summary>What the user asked for.</summary>
    public required CaptureOptions Options { get; init; }

    /// <summary>What is kept of each module's events.</summary>
    public required Policy Policy { get; init; }

    /// <summary>Compares the TLS connections on the wire with those that were captured.</summary>
    internal Tls.WireCoverage Wire => _wire ??= new Tls.WireCoverage(this);

    /// <summary>The filter in force; null: everything passes.</summary>
    internal Filters.EventGate? Gate { get; init; }

    /// <summary>Gets the secrets of TLS connections that were there before the agent.</summary>
    internal Tls.Earlier.EarlierConnections Earlier => _earlier ??= new Tls.Earlier.EarlierConnections(this);

    /// <summary>Reads CLOCK_BOOTTIME, nanoseconds.</summary>
    public required Func<ulong> BootNs { get; init; }

    /// <summary>Makes the module's logger.</summary>
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>True when a module may publish the TLS secrets of its connections; if not, says so in the log.</summary>
    /// <param name="topic">Topic of its plaintext.</param>
    public bool MayPublishSecrets(string topic)
    {
        ModulePolicy policy = Policy.For(topic);
        if (!policy.PublishesSecrets)
        {
            NotCovered(
                "secrets", topic, "TLS secrets are not published: the policy redacts the plaintext of this module, and \"keys\" is not \"keep\"");
        }

        return policy.PublishesSecrets;
    }

    /// <summary>Says in the log what cannot be captured.</summary>
    /// <param name="subject">What kind of thing it is: "library", "shell", ...</param>
    /// <param name="target">Which one: path, build id.</param>
    /// <param name="reason">Why, for people.</param>
    public void NotCovered(string subject, string target, string reason) =>
        NotCovered(new EventHeader { BootNs = BootNs() }, subject, target, reason);

    /// <summary>As <see cref="NotCovered(string, string, string)"/>, of a process or a connection.</summary>
    /// <param name="header">Time, process, addresses.</param>
    /// <param name="subject">What kind of thing it is.</param>
    /// <param name="target">Which one.</param>
    /// <param name="reason">Why.</param>
    /// <param name="fromNs">What happened from then on was not captured, CLOCK_BOOTTIME; 0: nobody knows.</param>
    /// <param name="toNs">Until then; 0: it still is not.</param>
    public void NotCovered(in EventHeader header, string subject, string target, string reason, ulong fromNs = 0, ulong toNs = 0)
    {
        Coverage coverage = new()
        {
            Subject = subject,
            Target = Google.Protobuf.ByteString.CopyFromUtf8(target),
            Reason = reason,
            FromNs = fromNs,
            ToNs = toNs,
        };
        Publisher.Publish(Topics.Agent, header, new Event { Coverage = coverage });
    }

    /// <summary>Says in the log that a program began before the probes on its file stood: nobody had run that file before.</summary>
    /// <param name="began">Its process, and when it began.</param>
    /// <param name="subject">What kind of thing it is.</param>
    /// <param name="target">Its path.</param>
    /// <returns>How long it had run until now, when the probes stand, nanoseconds.</returns>
    internal ulong DeclareWindow(in EventHeader began, string subject, string target)
    {
        ulong now = BootNs();
        ulong from = Math.Min(began.BootNs, now);
        NotCovered(began, subject, target, "it began before its probes stood, as nobody has run this file before: what it did until now is not captured", from, now);
        return now - from;
    }

    /// <summary>Hands the records of a loaded object to its module, and counts what is lost on the way and what becomes of the rest.</summary>
    /// <param name="module">The module's name.</param>
    /// <param name="obj">The object; stays open until the run ends.</param>
    /// <param name="handler">Receives its records.</param>
    /// <param name="ring">The ring that it joined; null: its own.</param>
    /// <param name="member">Its number there.</param>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    internal void Read(string module, BpfObject obj, IRecordHandler handler, SharedRing? ring = null, uint member = 0)
    {
        Losses.Watch(module, obj);
        IRecordHandler counted = Probes?.Watch(module, obj, handler) ?? handler;
        if (ring is null)
        {
            Rings.Add(obj.Maps["events"], counted);
        }
        else
        {
            ring.Add(member, obj, counted, Rings);
        }
    }

    /// <summary>
    /// Opens <c>NAME.bpf.o</c>, lets it share the base object's maps of the same name, and checks the common layouts.
    /// The caller adjusts it, loads it and disposes it.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="everyProcess">Its uprobes are for all processes, whatever <see cref="CaptureOptions.OnlyPids"/> says.</param>
    public BpfObject OpenObject(string name, bool everyProcess = false)
    {
        BpfObject obj = Fit.Open(ObjectDirectory, name, everyProcess ? null : Options.OnlyPids);
        BtfTypes types = obj.ReadTypes();
        RecordLayout.Check<RecordHeader>(types);
        foreach ((string map, BpfMap shared) in SharedMaps)
        {
            if (obj.Maps.TryGetValue(map, out BpfMap? own))
            {
                own.Reuse(shared);
            }
        }

        return obj;
    }

    private SharedRing NewRing(string name, SharedRing.MemberOf memberOf, bool leads = false) =>
        new(memberOf, () => Losses.Count("ring:" + name, "record of an unknown kind"), leads);

    private static uint TypeOf(ReadOnlySpan<byte> record) => MemoryMarshal.TryRead(record, out RecordHeader header) ? header.Type : uint.MaxValue;
}

/// <summary>Counts what rings lost and publishes it as <c>Loss</c> events.</summary>
public interface ILossAccount
{
    /// <summary>Watches the map <c>losses</c> of a loaded object.</summary>
    void Watch(string module, BpfObject obj);

    /// <summary>Counts a record that user space could not use (a gap, a table that is full).</summary>
    void Count(string where, string why, ulong records = 1);
}
