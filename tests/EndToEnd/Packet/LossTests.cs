using System.Globalization;
using ECapture.Capture;
using ECapture.Capture.Modules;
using ECapture.Capture.Modules.Packet;
using ECapture.Events.V1;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Capture;

namespace ECapture.Tests.EndToEnd.Packet;

[Collection(CaptureCollection.Name)]
public sealed class LossTests
{
    private const string Sender = """
        import socket, sys
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect((sys.argv[1], int(sys.argv[3])))
        data = bytes(1400)
        for _ in range(int(sys.argv[2])):
            s.send(data)
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Frames_ReaderStandsStill_OfferedIsReadAndDeclaredLost()
    {
        using QuietInterface quiet = QuietInterface.Create();
        using StalledReader stall = new();
        CaptureOptions options = new() { Modules = ["packet", StalledReader.ModuleName], Interfaces = [quiet.Name], QueueLimit = 256L << 20 };
        await using CaptureSession session = await CaptureSession.StartAsync(options, name => name == StalledReader.ModuleName ? stall : new PacketModule());
        long before = quiet.Frames;
        await stall.BeginAsync(Cancellation);
        await SendAsync(Flood, FloodPort);
        long offered = quiet.Frames - before;
        stall.End();
        await session.Log.WaitUntilAsync(e => Read(e, quiet) + Lost(e) >= offered, TimeSpan.FromSeconds(30), $"{offered} frames");
        IReadOnlyList<Event> events = await session.StopAsync();

        long read = Read(events, quiet);
        long lost = Lost(events);
        Loss[] losses = [.. events.Where(e => e.Loss is not null).Select(e => e.Loss)];
        Assert.True(offered >= Flood, $"{offered} offered");
        Assert.True(read > 10_000, $"{read} read");
        Assert.True(lost > 1000, $"{lost} lost");
        Assert.Equal(offered, read + lost);
        Assert.All(losses, l => Assert.Equal("ring:packet", l.Where));
        Assert.All(losses, l => Assert.Contains(l.Why, (string[])["ring full", "share of a full ring"]));
        Assert.All(losses, l => Assert.True(l.FromNs < l.ToNs));
        TestContext.Current.TestOutputHelper?.WriteLine($"{offered} frames offered = {read} read + {lost} lost");
    }

    [Fact]
    public async Task Frames_ProcessFloodsTheRing_ThoseOfAnotherAreAllThere()
    {
        const int Few = 200;
        const int OtherPort = 10;
        using QuietInterface quiet = QuietInterface.Create();
        using StalledReader stall = new();
        CaptureOptions options = new() { Modules = ["packet", StalledReader.ModuleName], Interfaces = [quiet.Name], QueueLimit = 256L << 20 };
        await using CaptureSession session = await CaptureSession.StartAsync(options, name => name == StalledReader.ModuleName ? stall : new PacketModule());
        await stall.BeginAsync(Cancellation);
        await SendAsync(Flood, FloodPort);
        await SendAsync(Few, OtherPort);
        stall.End();
        int OfOther(IReadOnlyList<Event> e) => e.Count(p => p.Packet?.Interface == quiet.Name && p.Flow?.RemotePort == OtherPort);
        await session.Log.WaitUntilAsync(e => OfOther(e) >= Few && Lost(e) > 0, TimeSpan.FromSeconds(60), $"{Few} frames of the other process");
        IReadOnlyList<Event> events = await session.StopAsync();

        Assert.True(Lost(events) > 1000, $"{Lost(events)} lost: the ring was not full");
        Assert.Equal(Few, OfOther(events));
    }

    private const int Flood = 80_000; // datagrams, 115 MB; the ring holds 32
    private const int FloodPort = 9;

    private static async Task SendAsync(int datagrams, int port)
    {
        string[] numbers = [datagrams.ToString(CultureInfo.InvariantCulture), port.ToString(CultureInfo.InvariantCulture)];
        await using ServerProcess sender = ServerProcess.Start("python3", ["-c", Sender, QuietInterface.Target, .. numbers]);
        Assert.True(await sender.WaitForExitAsync(Cancellation) == 0, sender.Output);
    }

    private static long Read(IReadOnlyList<Event> events, QuietInterface quiet) =>
        events.Count(e => e.Packet?.Interface == quiet.Name);

    private static long Lost(IReadOnlyList<Event> events) => events.Sum(e => e.Loss is null ? 0 : (long)e.Loss.Records);
}
