using ECapture.Events.V1;
using ECapture.Storage.Reading;

namespace ECapture.Query.Connections;

/// <summary>One connection, put together from its states, what ties it to flow and session, its secrets' labels and its plaintext.</summary>
internal sealed class ConnectionView
{
    /// <summary>Host.</summary>
    public required string Host { get; init; }

    /// <summary>Id of the agent's run; 0: the wire alone knows of it.</summary>
    public required ulong Connection { get; init; }

    /// <summary>Who; null: unknown.</summary>
    public Process? Process { get; private set; }

    /// <summary>The ends; null: unknown.</summary>
    public Flow? Flow { get; private set; }

    /// <summary>Nanoseconds of the epoch; null: not seen.</summary>
    public long? Opened { get; private set; }

    /// <summary>How it began.</summary>
    public ConnectionState.Types.State Began { get; private set; }

    /// <summary>Nanoseconds of the epoch; null: not seen.</summary>
    public long? Closed { get; private set; }

    /// <summary>The newest of its events.</summary>
    public long Last { get; private set; } = long.MinValue;

    /// <summary>SNI; empty: unknown.</summary>
    public ReadOnlyMemory<byte> ServerName { get; private set; }

    /// <summary>Client random of its TLS session; empty: unknown.</summary>
    public ReadOnlyMemory<byte> ClientRandom { get; private set; }

    /// <summary>"TLS 1.3", "TLS 1.2 or older"; null: no secret of it was seen.</summary>
    public string? TlsVersion { get; private set; }

    /// <summary>Modules that saw its plaintext.</summary>
    public SortedSet<string> Modules { get; } = new(StringComparer.Ordinal);

    /// <summary>Plaintext bytes written; null: none was seen.</summary>
    public ulong? Sent { get; private set; }

    /// <summary>Plaintext bytes read; null: none was seen.</summary>
    public ulong? Received { get; private set; }

    /// <summary>Takes a state or link of the connection, or a link of its flow.</summary>
    public void Take(StoredEvent stored)
    {
        Event e = stored.Event;
        Last = Math.Max(Last, stored.Time);
        Process ??= e.Process;
        Flow ??= e.Flow;
        if (e.ConnectionState is { } state)
        {
            if (state.State == ConnectionState.Types.State.Closed)
            {
                Closed = Math.Max(Closed ?? long.MinValue, stored.Time);
            }
            else if (Opened is null || stored.Time < Opened)
            {
                Opened = stored.Time;
                Began = state.State;
            }
        }
        else if (e.ConnectionLink is { } link)
        {
            ServerName = ServerName.IsEmpty ? link.ServerName.Memory : ServerName;
            ClientRandom = ClientRandom.IsEmpty ? link.ClientRandom.Memory : ClientRandom;
        }
    }

    /// <summary>Takes the label of a secret (RFC 9850): those of TLS 1.3 have names of their own.</summary>
    public void TakeLabel(string label) => TlsVersion = label == "CLIENT_RANDOM" ? TlsVersion ?? "TLS 1.2 or older" : "TLS 1.3";

    /// <summary>Takes what was said in one direction.</summary>
    public void Take(ConnectionTraffic traffic)
    {
        Modules.Add(traffic.Topic);
        if (traffic.IsSent)
        {
            Sent = (Sent ?? 0) + traffic.Bytes;
        }
        else
        {
            Received = (Received ?? 0) + traffic.Bytes;
        }
    }

    /// <summary>True when something of its flow at a time is the connection's: a little before it was seen, until it ended.</summary>
    public bool Covers(long time, long slack) => (Opened is not { } from || time >= from - slack) && (Closed is not { } to || time <= to + slack);
}
