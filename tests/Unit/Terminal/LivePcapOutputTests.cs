using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Pcapng;
using ECapture.Terminal;
using ECapture.Terminal.Pcap;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Terminal;

/// <summary>What is held, and in what order it comes into the file.</summary>
public sealed class LivePcapOutputTests : IDisposable
{
    private const ulong Second = 1_000_000_000;
    private const ulong Start = 1000 * Second;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-pcap-unit-");
    private DateTime _now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private string Path => System.IO.Path.Combine(_folder.FullName, "a.pcapng");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Packets_WithoutTls_ComeAfterOneSecondInTheOrderOfTime()
    {
        using LivePcapOutput output = Open();
        Packet(output, "second", Start + 2, 1);
        Packet(output, "first", Start + 1, 1);
        output.Tick(Start + Second);
        Assert.Empty(Frames());
        output.Tick(Start + Second + 2);
        Assert.Equal(["first", "second"], Frames());
    }

    [Fact]
    public void Packets_OfASessionThatBegan_WaitForItsKeysAndComeAfterThem()
    {
        using LivePcapOutput output = Open();
        byte[] random = new byte[32];
        random[0] = 7;
        Packet(output, "hello", Start, 9);
        Hello(output, random, Start, 9);
        output.Tick(Start + (2 * Second));
        Assert.Empty(Frames());

        Secret(output, "CLIENT_TRAFFIC_SECRET_0", random, Start + (2 * Second));
        output.Tick(Start + (2 * Second));
        Assert.Equal(["keys 1"], Frames()); // the other direction's is not here yet
        Secret(output, "SERVER_TRAFFIC_SECRET_0", random, Start + (2 * Second));
        output.Tick(Start + (2 * Second));
        Assert.Equal(["keys 1", "keys 1", "hello"], Frames());
    }

    [Fact]
    public void Packets_OfASessionWithoutKeys_WaitFourSeconds()
    {
        using LivePcapOutput output = Open();
        Packet(output, "hello", Start, 9);
        Hello(output, new byte[32], Start, 9);
        output.Tick(Start + (4 * Second));
        Assert.Empty(Frames());
        output.Tick(Start + (4 * Second) + 1);
        Assert.Equal(["hello"], Frames());
    }

    [Fact]
    public void Packets_MoreThanMayWait_OldestAreWrittenAtOnce()
    {
        using LivePcapOutput output = Open(new PcapOptions { MostHeldBytes = 10 });
        Packet(output, "frame 1", Start, 1);
        Packet(output, "frame 2", Start + 1, 1);
        output.Tick(Start);
        Assert.Equal(["frame 1"], Frames());
        output.Complete();
        Assert.Equal(["frame 1", "frame 2"], Frames());
    }

    [Fact]
    public void Rotation_BySize_NewFileStandsAloneWithTheKeysOfWhatWaits()
    {
        using LivePcapOutput output = Open(new PcapOptions { RotateBytes = 200 });
        Secret(output, "CLIENT_RANDOM", new byte[32], Start);
        Packet(output, new string('a', 300), Start, 1);
        Packet(output, "next", Start + 1, 2, pid: 5);
        output.Complete();

        string aside = Assert.Single(Directory.GetFiles(_folder.FullName, "a-*.pcapng"));
        Assert.EndsWith("a-20260101T000000.000Z.pcapng", aside, StringComparison.Ordinal);
        Assert.Equal(["keys 1", new string('a', 300)], Frames(aside));
        Assert.Equal(["keys 1", "5 next"], Frames());
    }

    [Fact]
    public void Rotation_ByAge_PutsTheFileAside()
    {
        using LivePcapOutput output = Open(new PcapOptions { RotateAfter = TimeSpan.FromSeconds(60) });
        Packet(output, "one", Start, 1);
        output.Tick(Start + Second);
        _now = _now.AddSeconds(60);
        Packet(output, "two", Start + 2, 2);
        output.Complete();
        Assert.Equal(["one"], Frames(Assert.Single(Directory.GetFiles(_folder.FullName, "a-*.pcapng"))));
        Assert.Equal(["two"], Frames());
    }

    [Fact]
    public void Rotation_ConnectionThatGoesOn_StaysInTheFileOfItsBeginningUntilThatIsTooOld()
    {
        using LivePcapOutput output = Open(new PcapOptions { RotateAfter = TimeSpan.FromSeconds(90) });
        Packet(output, "begin", Start, 1);
        output.Tick(Start + Second);
        _now = _now.AddSeconds(90);
        Packet(output, "new", Start + 2, 2);
        Packet(output, "goes on", Start + 3, 1);
        Secret(output, "CLIENT_RANDOM", new byte[32], Start + 4);
        Packet(output, "goes on with keys", Start + 5, 1);
        output.Tick(Start + (2 * Second));
        _now = _now.Add(LivePcapFile.LongestOverlap);
        output.Tick(Start + (2 * Second));
        Packet(output, "too late", Start + 6, 1);
        output.Complete();

        Assert.Equal(["begin", "keys 1", "goes on", "goes on with keys"], Frames(Assert.Single(Directory.GetFiles(_folder.FullName, "a-*.pcapng"))));
        Assert.Equal(["keys 1", "new", "too late"], Frames());
    }

    [Fact]
    public void File_BeforeCaptureBegan_LeavesTheOldOneAndReplacesItThenForItsOwnerOnly()
    {
        File.WriteAllText(Path, "an older capture");
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        using (LivePcapOutput failed = Open(begins: false))
        {
            Packet(failed, "frame", Start, 1);
        }

        Assert.Equal("an older capture", File.ReadAllText(Path));
        Assert.Equal(Path, Assert.Single(Directory.GetFiles(_folder.FullName)));

        using LivePcapOutput output = Open();
        Packet(output, "frame", Start, 1);
        output.Complete();
        Assert.Equal(["frame"], Frames());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        Assert.Equal(Path, Assert.Single(Directory.GetFiles(_folder.FullName)));
    }

    private LivePcapOutput Open(PcapOptions? options = null, bool begins = true)
    {
        options ??= new PcapOptions();
        LivePcapOutput output = new(LivePcapFile.Open(Path, options, () => _now), options, new ItemOutput([]));
        if (begins)
        {
            output.Begin();
        }

        return output;
    }

    private static void Packet(LivePcapOutput output, string frame, ulong at, ulong flow, uint pid = 0) => Write(output, Topics.Packet, new Event
    {
        BootNs = at,
        WallNs = at,
        Process = pid == 0 ? null : new Process { Pid = pid, Name = ByteString.CopyFromUtf8("p") },
        Flow = new Flow { Id = flow },
        Packet = new Packet { Interface = "lo", LinkType = 1, Data = ByteString.CopyFromUtf8(frame), OriginalLength = (uint)frame.Length },
    });

    private static void Hello(LivePcapOutput output, byte[] random, ulong at, ulong flow) => Write(output, Topics.Connection, new Event
    {
        BootNs = at,
        Flow = new Flow { Id = flow },
        ConnectionLink = new ConnectionLink { Source = ConnectionLink.Types.Source.Wire, ClientRandom = ByteString.CopyFrom(random) },
    });

    private static void Secret(LivePcapOutput output, string label, byte[] random, ulong at) => Write(output, Topics.Secret, new Event
    {
        BootNs = at,
        TlsSecret = new TlsSecret { Label = label, ClientRandom = ByteString.CopyFrom(random), Secret = ByteString.CopyFrom(new byte[48]) },
    });

    private static void Write(LivePcapOutput output, string topic, Event e)
    {
        byte[] encoded = e.ToByteArray();
        Assert.True(EventReader.TryRead(encoded, out EventFields fields));
        output.Write(new ReceivedEvent(topic, encoded, ref fields));
    }

    private string[] Frames(string? path = null)
    {
        using FileStream file = new(path ?? Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        PcapngReader reader = new(file);
        List<string> found = [];
        while (reader.Read() is { } block)
        {
            switch (block)
            {
                case PacketBlock packet:
                    found.Add((packet.Pid is { } pid ? $"{pid} " : "") + Encoding.UTF8.GetString(packet.Data.Span));
                    break;
                case DecryptionSecretsBlock keys:
                    found.Add($"keys {Encoding.ASCII.GetString(keys.Data.Span).Count(c => c == '\n')}");
                    break;
            }
        }

        return [.. found];
    }
}
