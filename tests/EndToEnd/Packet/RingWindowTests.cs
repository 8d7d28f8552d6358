using System.Runtime.CompilerServices;
using ECapture.Capture.Agent;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Packet;

namespace ECapture.Tests.EndToEnd.Packet;

/// <summary>A ring is read through a window that is smaller than the ring: records across the window's end and the ring's come whole, in order, whatever their length.</summary>
[Collection(CaptureCollection.Name)]
public sealed class RingWindowTests : IRecordHandler, IDisposable
{
    private const uint RingBytes = 4 << 20; // two windows
    private const int ShortestFrame = 60;
    private const int LongestFrame = 3000;

    private static readonly string s_objects = Path.Combine(AppContext.BaseDirectory, "bpf");

    private readonly BaseObject _base = BaseObject.Load(s_objects);
    private readonly BpfObject _object = BpfObject.Open(Path.Combine(s_objects, "packet.bpf.o"));
    private readonly RingReader _rings = new();
    private readonly Queue<byte[]> _written = [];
    private long _bytes;
    private bool _isUnread;

    public RingWindowTests()
    {
        foreach ((string name, BpfMap shared) in _base.SharedMaps)
        {
            if (_object.Maps.TryGetValue(name, out BpfMap? own))
            {
                own.Reuse(shared);
            }
        }

        _object.Maps["events"].SetMaxEntries(RingBytes);
        _object.Load();
        _object.Maps["interfaces"].Set(1u, new InterfaceConfig { HeaderLength = 14, IsLoopback = 1, Netns = 77 });
        _rings.Add(_object.Maps["events"], this);
    }

    [Fact]
    public void Consume_ThreeTimesRound_EveryRecordWholeAndInOrder()
    {
        const int MostAtOnce = 1000; // three megabytes at the most: they fit, and the window moves within one turn
        Random random = new(7);
        while (_bytes < 3L * RingBytes)
        {
            Write(random, random.Next(1, MostAtOnce));
            Assert.Equal(_written.Count, _rings.Consume(TimeSpan.FromSeconds(60)));
            Assert.Empty(_written);
        }
    }

    [Fact]
    public void Discard_MoreThanAWindow_EveryRecordIsHandedOverAsUnread()
    {
        Random random = new(8);
        Write(random, 1400);
        _isUnread = true;
        _rings.Discard();
        Assert.Empty(_written);
        Assert.True(_bytes > RingBytes / 2, $"{_bytes} bytes are not more than a window");
    }

    void IRecordHandler.OnRecord(ReadOnlySpan<byte> record) => Compare(record, isUnread: false);

    void IRecordHandler.OnUnread(ReadOnlySpan<byte> record) => Compare(record, isUnread: true);

    public void Dispose()
    {
        _rings.Dispose();
        _object.Dispose();
        _base.Dispose();
    }

    private void Write(Random random, int frames)
    {
        const int Continue = -1; // TC_ACT_UNSPEC
        for (int i = 0; i < frames; i++)
        {
            byte[] frame = new byte[random.Next(ShortestFrame, LongestFrame)];
            random.NextBytes(frame);
            frame[12] = 0x88; // of no protocol that the program reads
            frame[13] = 0xb5;
            Assert.Equal(Continue, _object.TestRun("ecapture_in", frame));
            _written.Enqueue(frame);
        }
    }

    private void Compare(ReadOnlySpan<byte> record, bool isUnread)
    {
        Assert.Equal(_isUnread, isUnread);
        byte[] frame = _written.Dequeue();
        Assert.True(record[Unsafe.SizeOf<PacketRecord>()..].SequenceEqual(frame), $"the frame of {frame.Length} bytes after {_bytes} is not what was written");
        _bytes += record.Length;
    }
}
