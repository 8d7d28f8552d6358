using System.Security.Cryptography;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Tests.Support.Events;
using Google.Protobuf;

namespace ECapture.Tests.Support.Sink;

/// <summary>The events of an agent run as its publisher makes them: sequences from 0, a start, checkpoints with running digests, and a stop.</summary>
public sealed class CheckpointedRun(int seed, string host = "web1")
{
    private readonly RandomEvents _events = new(seed);
    private readonly Dictionary<string, (ulong Next, byte[] Digest)> _streams = [];

    /// <summary>When the events happened, nanoseconds of the epoch; each is a second after the one before.</summary>
    public ulong Clock { get; set; } = (ulong)new DateTimeOffset(2026, 11, 1, 10, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds() * 1_000_000_000;

    /// <summary>The run.</summary>
    public Guid Run { get; } = Guid.CreateVersion7();

    /// <summary>Everything that was made, in order.</summary>
    public List<(string Topic, ulong Sequence, byte[] Encoded)> Made { get; } = [];

    /// <summary>As entries of a log.</summary>
    public IEnumerable<LogEntry> Entries => Made.Select(made => new LogEntry(new TopicPartition(made.Topic, 0), default, made.Encoded));

    /// <summary>Makes a start, then rounds of events with a checkpoint after each, then a stop.</summary>
    public static CheckpointedRun Make(int seed, int rounds, int eventsPerRound, params string[] topics)
    {
        CheckpointedRun run = new(seed);
        run.State(AgentState.Types.State.Started);
        for (int round = 0; round < rounds; round++)
        {
            foreach (string topic in topics)
            {
                run.Add(topic, eventsPerRound);
            }

            run.Checkpoint();
        }

        run.State(AgentState.Types.State.Stopped);
        return run;
    }

    /// <summary>Adds random events of a topic.</summary>
    public void Add(string topic, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Append(topic, _events.Next(topic, Run, 0));
        }
    }

    /// <summary>Adds a checkpoint of every stream.</summary>
    public void Checkpoint()
    {
        Checkpoint checkpoint = new();
        foreach ((string topic, (ulong next, byte[] digest)) in _streams)
        {
            checkpoint.Streams.Add(new Checkpoint.Types.Stream { Topic = topic, LastSequence = next - 1, Count = next, Sha256 = ByteString.CopyFrom(digest) });
        }

        Append(Topics.Agent, new Event { Checkpoint = checkpoint });
    }

    /// <summary>Adds a state of the agent.</summary>
    public void State(AgentState.Types.State state) => Append(Topics.Agent, new Event { AgentState = new AgentState { State = state } });

    /// <summary>Adds an event.</summary>
    public void Append(string topic, Event made)
    {
        (ulong next, byte[] digest) = _streams.TryGetValue(topic, out (ulong, byte[]) known) ? known : (0, new byte[32]);
        made.Run = ByteString.CopyFrom(Run.ToByteArray(bigEndian: true));
        made.Topic = topic;
        made.Partition = 0;
        made.Sequence = next;
        made.Host = host;
        made.WallNs = Clock += 1_000_000_000;
        byte[] encoded = made.ToByteArray();
        _streams[topic] = (next + 1, SHA256.HashData([.. digest, .. encoded]));
        Made.Add((topic, next, encoded));
    }
}
