using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Sink.Delivery;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Sink;

/// <summary>Events of three runs; a forwarder that lost an acknowledgement sends some again, and offsets have gaps.</summary>
internal sealed class SimulatedLog(Random random)
{
    private readonly Guid[] _runs = [.. Enumerable.Range(0, 3).Select(i => new Guid(i + 1, 0, 0, new byte[8]))];
    private readonly ulong[] _next = new ulong[3];
    private readonly List<LogRecord> _records = [];

    public long End => _records.Count == 0 ? 0 : _records[^1].Offset + 1;

    public (StreamKey, string)[] Expected =>
        [.. Enumerable.Range(0, 3).Where(i => _next[i] > 0).Select(i => (Key(i), string.Join(',', Enumerable.Range(0, (int)_next[i]))))];

    public LogRecord[] Read(long from, int count) => [.. _records.Where(r => r.Offset >= from).Take(count)];

    public void MaybeAppend()
    {
        if (random.Next(4) != 0 || _records.Count > 150)
        {
            return;
        }

        int run = random.Next(3);
        if (random.Next(10) == 0 && _next[run] > 2)
        {
            for (ulong sequence = _next[run] - 2; sequence < _next[run]; sequence++)
            {
                Append(run, sequence);
            }
        }

        Append(run, _next[run]++);
    }

    private void Append(int run, ulong sequence)
    {
        Event made = new()
        {
            Run = ByteString.CopyFrom(_runs[run].ToByteArray(bigEndian: true)),
            Topic = Topics.Agent,
            Sequence = sequence,
            WallNs = 86_400_000_000_000 * (1 + (sequence / 5 % 3)),
            AgentState = new AgentState { Module = "m" },
        };
        _records.Add(new LogRecord(End + (random.Next(10) == 0 ? 1 : 0), default, made.ToByteArray()));
    }

    private StreamKey Key(int run) =>
        new(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(_runs[run].ToByteArray(bigEndian: true)), 0);
}
