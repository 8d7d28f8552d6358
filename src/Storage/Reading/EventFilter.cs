using ECapture.Storage.Reading.Expressions;

namespace ECapture.Storage.Reading;

/// <summary>
/// What to look for. Values of one property are alternatives, properties are joined by "and", an empty list means any.
/// </summary>
public sealed record EventFilter
{
    /// <summary>Everything.</summary>
    public static EventFilter All { get; } = new();

    /// <summary>Nanoseconds of the Unix epoch, inclusive; null for no bound.</summary>
    public long? From { get; init; }

    /// <summary>Nanoseconds of the Unix epoch, exclusive; null for no bound.</summary>
    public long? To { get; init; }

    /// <summary>Short topic names; empty takes the reader's default.</summary>
    public IReadOnlyList<string> Topics { get; init; } = [];

    /// <summary>Host names.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Process names (comm), exact.</summary>
    public IReadOnlyList<string> Processes { get; init; } = [];

    /// <summary>Process ids.</summary>
    public IReadOnlyList<uint> Pids { get; init; } = [];

    /// <summary>User ids.</summary>
    public IReadOnlyList<uint> Uids { get; init; } = [];

    /// <summary>Addresses or prefixes, of either end.</summary>
    public IReadOnlyList<AddressRange> Addresses { get; init; } = [];

    /// <summary>Ports, of either end.</summary>
    public IReadOnlyList<ushort> Ports { get; init; } = [];

    /// <summary>Connection ids; a host's own unless <see cref="Hosts"/> says which.</summary>
    public IReadOnlyList<ulong> Connections { get; init; } = [];

    /// <summary>Flow ids.</summary>
    public IReadOnlyList<ulong> Flows { get; init; } = [];

    /// <summary>Single events.</summary>
    public IReadOnlyList<EventPlace> Events { get; init; } = [];

    /// <summary>Substring of the payload's main bytes, as UTF-8, with its case; null for any.</summary>
    public string? Text { get; init; }

    /// <summary>True when it looks into what was said, not only at who spoke.</summary>
    public bool UsesPayload => Text is not null || Expression?.UsesPayload == true;

    /// <summary>A condition beyond the properties here; null for any.</summary>
    public FilterExpression? Expression { get; init; }

    /// <summary>The connections that every matching event is of; empty when the filter does not say.</summary>
    public IReadOnlyList<ulong> NamedConnections => Connections.Count > 0 ? Connections : Expression?.NamedConnections ?? [];

    /// <summary>True when it names connections and asks nothing else of their events.</summary>
    public bool IsOfConnectionsAlone =>
        Connections.Count > 0 && From is null && To is null && Topics.Count + Hosts.Count == 0 && AsksNothingElse;

    /// <summary>The time of which it matches every packet that has a flow; null when it asks for more than time and kind.</summary>
    public TimeRange? EveryPacket =>
        Connections.Count + Hosts.Count == 0 && AsksNothingElse && (Topics.Count == 0 || Topics.Contains(ECapture.Events.Topics.Packet)) ? new TimeRange(From ?? long.MinValue, To ?? long.MaxValue) : null;

    private bool AsksNothingElse =>
        Text is null && Expression is null && Processes.Count + Pids.Count + Uids.Count + Addresses.Count + Ports.Count + Flows.Count + Events.Count == 0;

    /// <summary>
    /// True: ends of shell commands and processes are events of their own in a search. False: they are only shown with the command or process
    /// that they end.
    /// </summary>
    public bool IncludeResults { get; init; }
}
