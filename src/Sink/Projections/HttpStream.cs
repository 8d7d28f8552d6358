using System.Buffers.Binary;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Protocols.Http;
using ECapture.Protocols.Http.WebSocket;
using ECapture.Sink.Delivery;
using ECapture.Storage.Tables;
using Google.Protobuf;

namespace ECapture.Sink.Projections;

/// <summary>
/// The connections of one stream of plaintext (an agent run and its partition). What it makes of an event depends on the events of the stream before it, on
/// nothing else: connections are given up by the stream's own clock and its own bounds, so that a replay makes the same rows.
/// </summary>
/// <param name="topic">Where the plaintext is.</param>
/// <param name="stream">The stream.</param>
/// <param name="metrics">Counts.</param>
internal sealed class HttpStream(string topic, StreamKey stream, ProjectionMetrics metrics)
{
    /// <summary>Connections whose past is kept; beyond them the one that was silent longest is given up.</summary>
    public const int MaxConnections = 2048;

    /// <summary>Bytes of unfinished messages.</summary>
    public const int MaxBufferedBytes = 32 << 20;

    /// <summary>How long a connection may be silent whose bytes mean something without the ones before; what is unfinished is then handed over.</summary>
    public static readonly TimeSpan MaxSilence = TimeSpan.FromMinutes(1);

    /// <summary>The same of HTTP/2 and WebSockets.</summary>
    public static readonly TimeSpan MaxSilenceWithPast = TimeSpan.FromHours(1);

    private readonly Dictionary<ulong, HttpTrack> _tracks = [];
    private readonly LinkedList<HttpTrack> _free = [];
    private readonly LinkedList<HttpTrack> _bound = [];
    private readonly uint _partition = ExchangeIds.Partition(topic, stream.Partition);
    private Batch? _target;
    private ulong _sequence;
    private long _offset;
    private int _logPartition;
    private int _made;
    private int _buffered;

    /// <summary>Connections from before this sink took over, whose past is in the store; fetched when they go on.</summary>
    public HashSet<ulong> Older { get; } = [];

    /// <summary>Number of the last batch with events of the stream.</summary>
    public long LastBatch { get; set; }

    /// <summary>True when a connection's past is here.</summary>
    public bool Knows(ulong connection) => _tracks.ContainsKey(connection);

    /// <summary>Takes the next event.</summary>
    /// <param name="encoded">The event.</param>
    /// <param name="logPartition">Where it was read.</param>
    /// <param name="logOffset">Where in that partition.</param>
    /// <param name="target">Takes the rows; null: they are stored already.</param>
    public void Feed(ReadOnlySpan<byte> encoded, int logPartition, long logOffset, Batch? target)
    {
        if (!EventReader.TryRead(encoded, out EventFields fields) || fields.Connection == 0 || fields.Payload.Kind != Event.TlsDataFieldNumber
            || !ExchangeIds.CanHold(fields.Partition, fields.Sequence))
        {
            return;
        }

        _target = target;
        _sequence = fields.Sequence;
        _offset = logOffset;
        _logPartition = logPartition;
        _made = 0;
        GiveUp(_free, fields.BootNs, MaxSilence);
        GiveUp(_bound, fields.BootNs, MaxSilenceWithPast);
        if (!_tracks.TryGetValue(fields.Connection, out HttpTrack? track))
        {
            if (_tracks.Count == MaxConnections)
            {
                Close((_free.First ?? _bound.First)!.Value);
            }

            track = new HttpTrack(fields.Connection, fields.Payload.StreamOffset > 0, OnExchange, OnMessage);
            _tracks.Add(fields.Connection, track);
            _free.AddLast(track.Node);
        }

        _buffered -= track.BufferedBytes;
        track.Feed(fields, encoded);
        _buffered += track.BufferedBytes;
        track.Node.List!.Remove(track.Node);
        (track.NeedsItsPast ? _bound : _free).AddLast(track.Node);
        while (_buffered > MaxBufferedBytes)
        {
            Close((_free.First ?? _bound.First)!.Value);
        }
    }

    /// <summary>Forgets connections whose past was read and that were given up before an event: what they had is stored.</summary>
    public void Forget(IEnumerable<ulong> connections, ulong bootNs)
    {
        _target = null;
        foreach (ulong connection in connections)
        {
            if (_tracks.TryGetValue(connection, out HttpTrack? track)
                && track.LastBootNs + Nanoseconds(track.NeedsItsPast ? MaxSilenceWithPast : MaxSilence) < bootNs)
            {
                Close(track);
            }
        }
    }

    private void GiveUp(LinkedList<HttpTrack> tracks, ulong bootNs, TimeSpan silence)
    {
        ulong most = Nanoseconds(silence);
        while (tracks.First is { } first && first.Value.LastBootNs + most < bootNs)
        {
            Close(first.Value);
        }
    }

    private static ulong Nanoseconds(TimeSpan time) => (ulong)time.Ticks * 100;

    private void Close(HttpTrack track)
    {
        _buffered -= track.BufferedBytes;
        _tracks.Remove(track.Connection);
        track.Node.List!.Remove(track.Node);
        track.Close();
    }

    private void OnExchange(HttpTrack track, HttpExchange exchange) => Add(() => ExchangeEvents.Of(track, exchange, topic));

    private void OnMessage(HttpTrack track, WebSocketMessage message) => Add(() => ExchangeEvents.Of(track, message, topic));

    private void Add(Func<Event> make)
    {
        int index = _made++;
        if (_target is null)
        {
            return;
        }

        if (index >= ExchangeIds.MaxPerEvent)
        {
            metrics.Dropped(topic);
            return;
        }

        Event made = make();
        Span<byte> run = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(run, stream.Run);
        made.Run = ByteString.CopyFrom(run);
        made.Partition = _partition;
        made.Sequence = ExchangeIds.Sequence(_sequence, index);
        byte[] encoded = made.ToByteArray();
        if (!EventReader.TryRead(encoded, out EventFields fields))
        {
            throw new InvalidOperationException("an exchange was made whose encoding is no event");
        }

        _target.Add(new EventRow(encoded, ref fields, _logPartition, _offset), new StreamKey(stream.Run, _partition));
    }
}
