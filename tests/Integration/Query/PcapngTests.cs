using System.Text;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Pcapng;
using ECapture.Query.Pcap;
using ECapture.Storage;
using ECapture.Storage.Reading;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Querying;

namespace ECapture.Tests.Integration.Querying;

/// <summary>Files rebuilt from real TLS sessions, judged by tshark.</summary>
public sealed class PcapngTests(StoresFixture stores, TlsFixture tls)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<StoreKind> Kinds => [StoreKind.ClickHouse, StoreKind.Postgres];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_Everything_DecryptsAndHoldsEveryFrameOnceInOrder(StoreKind kind)
    {
        await using RebuiltFile built = await BuildAsync(kind, new TlsHistory(tls), _ => EventFilter.All);

        Assert.Equal((3, 0, tls.KeyLog.Count, tls.Frames.Count), (built.Report.Sessions, built.Report.SessionsWithoutSecrets, (int)built.Report.Secrets, (int)built.Report.Packets));
        Assert.Equal(new FileInfo(built.Path).Length, built.Report.Bytes);
        Assert.Equal(tls.Frames.OrderBy(f => f.Time).Select(f => (f.Time, Convert.ToHexString(f.Data))), built.Packets.Select(p => ((ulong)p.UnixNanoseconds!, Convert.ToHexString(p.Data.Span))));
        Assert.Equal(
            [typeof(SectionHeaderBlock), typeof(InterfaceDescriptionBlock), typeof(DecryptionSecretsBlock), typeof(PacketBlock)],
            built.Blocks.Select(b => b.GetType()).Distinct());
        string[] decrypted = await Tshark.FieldsAsync(built.Path, "http.request", "http.request.uri");
        Assert.Equal(tls.Exchanges.Select(e => "/" + e.Marker).Order(StringComparer.Ordinal), decrypted.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_Everything_TsharkShowsDirectionInterfaceAndProcess(StoreKind kind)
    {
        await using RebuiltFile built = await BuildAsync(kind, new TlsHistory(tls), _ => EventFilter.All);

        string[] lines = await Tshark.FieldsAsync(built.Path, null, "frame.time_epoch", "frame.interface_name", "frame.packet_flags_direction", "frame.comment", "tcp.srcport");

        Assert.Equal(tls.Frames.Count, lines.Length);
        ILookup<ushort, string> names = tls.Exchanges.ToLookup(e => e.ClientPort, e => $"{e.Process} (pid {e.Pid})");
        foreach ((string line, (ulong time, _)) in lines.Zip(tls.Frames.OrderBy(f => f.Time)))
        {
            string[] fields = line.Split('|');
            Assert.Equal($"{time / 1_000_000_000}.{time % 1_000_000_000:000000000}", fields[0]);
            Assert.Equal(("lo", "0x00000002"), (fields[1], fields[2]));
            ushort port = ushort.Parse(fields[4], null);
            Assert.Contains(fields[3], port == tls.ServerPort ? ["openssl (pid 900)"] : names[port]);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_OneProcess_HoldsItsWholeSessionAndNoOtherSecret(StoreKind kind)
    {
        for (int i = 0; i < tls.Exchanges.Count; i++)
        {
            var history = new TlsHistory(tls);
            await using RebuiltFile built = await BuildAsync(kind, history, _ => EventFilter.All with { Processes = [tls.Exchanges[i].Process] });

            await AssertIsSessionAsync(built, history, i);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_ConnectionAlone_IsItsWholeSession(StoreKind kind)
    {
        var history = new TlsHistory(tls);
        await using RebuiltFile built = await BuildAsync(
            kind, history, events => EventFilter.All with { Connections = [events.First(e => e.Process?.Pid == tls.Exchanges[1].Pid && e.Connection != 0).Connection] });

        await AssertIsSessionAsync(built, history, 1);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_ExactWindow_HoldsItsPacketsAloneAndSaysWhatIsMissing(StoreKind kind)
    {
        ulong[] times = [.. tls.Frames.Select(f => f.Time).Order()];
        var window = new TimeRange((long)times[3], (long)times[^2]);
        await using RebuiltFile built = await BuildAsync(
            kind, new TlsHistory(tls), _ => EventFilter.All with { From = window.From, To = window.To }, new RebuildOptions { Window = window });

        Assert.Equal(times[3..^2], built.Packets.Select(p => (ulong)p.UnixNanoseconds!));
        Assert.Equal(tls.KeyLog.Count, built.Report.Secrets);
        string comment = built.Blocks[0].Options.Text(OptionCode.Comment)!;
        Assert.Contains("exact window", comment, StringComparison.Ordinal);
        Assert.Contains("2 of 3 sessions reach beyond it", comment, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rebuild_AskedForByAPerson_SaysWhoAndWhyInTheFile()
    {
        var options = new RebuildOptions { Comment = SectionComment.Asked("process=curl\nreason: forged", "ann", "ticket 4711") };
        await using RebuiltFile built = await BuildAsync(StoreKind.ClickHouse, new TlsHistory(tls), _ => EventFilter.All, options);

        Assert.Equal("query: process=curl\\nreason: forged\nuser: ann\nreason: ticket 4711", built.Blocks[0].Options.Text(OptionCode.Comment));
        Assert.Contains("ticket 4711", await Tshark.RunAsync("capinfos", ["-k", built.Path]), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_OfSingleEvents_HoldsTheirSessions(StoreKind kind)
    {
        long unit = kind == StoreKind.Postgres ? 1000 : 1; // of the times in its cursors
        foreach (bool isCursor in (bool[])[true, false])
        {
            var history = new TlsHistory(tls);
            await using RebuiltFile built = await BuildAsync(kind, history, events =>
            {
                Event wanted = events.First(e => e.Topic == "tls" && e.Process.Pid == tls.Exchanges[1].Pid);
                var id = new EventId(new Guid(wanted.Run.Span, bigEndian: true), wanted.Topic, (int)wanted.Partition, wanted.Sequence);
                return EventFilter.All with { Topics = ["tls"], Events = [new EventPlace(id, isCursor ? (long)wanted.WallNs / unit * unit : null)] };
            });

            await AssertIsSessionAsync(built, history, 1);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rebuild_AnyFile_IsAcceptedByEditcap(bool withBlocks)
    {
        var more = new TlsHistory(tls) { Host = "web2" };
        await using RebuiltFile built = await BuildAsync(
            StoreKind.Postgres, new TlsHistory(tls), _ => EventFilter.All,
            new RebuildOptions { ProcessBlocks = withBlocks, Keys = withBlocks, Comment = SectionComment.Asked("", "ann", "") }, more.Make());
        string keys = built.Path + ".keys";
        string edited = built.Path + ".edited";
        try
        {
            await File.WriteAllLinesAsync(keys, tls.KeyLog, Cancel);
            await Tshark.RunAsync("editcap", ["--discard-all-secrets", built.Path, edited]);
            Assert.Empty(await Tshark.FieldsAsync(edited, "http.request", "http.request.uri"));
            await Tshark.RunAsync("editcap", ["--inject-secrets", "tls," + keys, built.Path, edited]);
            string[] uris = await Tshark.FieldsAsync(edited, "http.request", "http.request.uri");
            Assert.Equal(tls.Exchanges.Select(e => "/" + e.Marker).Order(), uris.Distinct().Order());
        }
        finally
        {
            File.Delete(keys);
            File.Delete(edited);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_HostNameThatLooksLikeSql_IsAName(StoreKind kind)
    {
        var history = new TlsHistory(tls) { Host = "o'brien$1\\'); DROP TABLE packet; --" };
        await using RebuiltFile built = await BuildAsync(kind, history, _ => EventFilter.All with { Hosts = [history.Host], Pids = [tls.Exchanges[0].Pid] });

        await AssertIsSessionAsync(built, history, 0);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_TextOfThePlaintext_FindsTheSessionThroughItsConnection(StoreKind kind)
    {
        var history = new TlsHistory(tls);
        await using RebuiltFile built = await BuildAsync(kind, history, _ => EventFilter.All with { Text = tls.Exchanges[2].Marker });

        await AssertIsSessionAsync(built, history, 2);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_WindowInTheMiddle_TakesTheSessionFromItsFirstPacket(StoreKind kind)
    {
        var history = new TlsHistory(tls);
        await using RebuiltFile built = await BuildAsync(kind, history, events =>
        {
            // A window that begins after the handshake of the last session.
            ulong[] times = [.. events.Where(e => e.Topic == "packet").Select(e => e.WallNs).Order()];
            return EventFilter.All with { From = (long)times[^4], To = (long)times[^1] };
        });

        await AssertIsSessionAsync(built, history, 2);
    }

    [Theory]
    [InlineData(StoreKind.ClickHouse, false)]
    [InlineData(StoreKind.ClickHouse, true)]
    [InlineData(StoreKind.Postgres, false)]
    public async Task Rebuild_WithoutConnectionEvents_CutsSessionsAtTheirSyns(StoreKind kind, bool first)
    {
        var history = new TlsHistory(tls) { WithConnections = false };
        int index = first ? 0 : 2;
        await using RebuiltFile built = await BuildAsync(kind, history, _ => EventFilter.All with { Pids = [tls.Exchanges[index].Pid], Topics = ["packet"] });

        await AssertIsSessionAsync(built, history, index);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_WithoutWireLinks_FindsSecretsByConnection(StoreKind kind)
    {
        var history = new TlsHistory(tls) { WithWireLinks = false };
        await using RebuiltFile built = await BuildAsync(kind, history, _ => EventFilter.All with { Pids = [tls.Exchanges[0].Pid] });

        await AssertIsSessionAsync(built, history, 0);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_WithoutKeys_HoldsNoSecret(StoreKind kind)
    {
        await using RebuiltFile built = await BuildAsync(kind, new TlsHistory(tls), _ => EventFilter.All, new RebuildOptions { Keys = false });

        Assert.DoesNotContain(built.Blocks, b => b is DecryptionSecretsBlock);
        Assert.Equal((0L, tls.Frames.Count), (built.Report.Secrets, built.Packets.Count));
        Assert.Empty(await Tshark.FieldsAsync(built.Path, "http.request", "http.request.uri"));
    }

    [Fact]
    public async Task Rebuild_WithProcessBlocks_NamesEachProcessOnceBeforeThePackets()
    {
        await using RebuiltFile built = await BuildAsync(StoreKind.ClickHouse, new TlsHistory(tls), _ => EventFilter.All, new RebuildOptions { ProcessBlocks = true });

        PcapngProcess[] processes = [.. built.Blocks.OfType<CustomBlock>().Select(b => b.TryGetProcess(out PcapngProcess process) ? process : default)];
        Assert.Equal(
            [.. tls.Exchanges.Select(e => (e.Pid, e.Process)), (TlsHistory.Server, "openssl")],
            processes.Select(p => (p.Pid, p.Name)).Order());
        Assert.All(processes, p => Assert.Equal((33u, TlsHistory.ClockOffset + 5_000_000_000), (p.Uid, p.StartNanoseconds)));
        Assert.True(built.Blocks.FindLastIndex(b => b is CustomBlock) < built.Blocks.FindIndex(b => b is PacketBlock));
        Assert.All(built.Packets, p => Assert.NotNull(p.Pid));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_NothingMatches_IsAnEmptyFileThatOpens(StoreKind kind)
    {
        await using RebuiltFile built = await BuildAsync(kind, new TlsHistory(tls), _ => EventFilter.All with { Pids = [1] });

        Assert.Equal((0, 0L), (built.Report.Sessions, built.Report.Packets));
        Assert.Empty(await Tshark.FieldsAsync(built.Path, null, "frame.number"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rebuild_TwoHostsWithTheSameFlow_AreKeptApart(StoreKind kind)
    {
        var other = new TlsHistory(tls) { Host = "web2" };
        List<Event> more = other.Make();
        var history = new TlsHistory(tls);
        await using RebuiltFile built = await BuildAsync(kind, history, _ => EventFilter.All with { Hosts = ["web1"], Pids = [tls.Exchanges[1].Pid] }, null, more);
        await using RebuiltFile both = await BuildAsync(kind, new TlsHistory(tls), _ => EventFilter.All, null, more);

        await AssertIsSessionAsync(built, history, 1);
        Assert.Equal((6, 2 * tls.Frames.Count), (both.Report.Sessions, (int)both.Report.Packets));
        Assert.Equal(tls.KeyLog.Count, both.Report.Secrets);
        Assert.Equal(["host web1", "host web2"], both.Blocks.OfType<InterfaceDescriptionBlock>().Select(b => b.Options.Text(OptionCode.InterfaceDescription)).Order());
        Assert.Equal(2 * tls.Frames.Count, (await Tshark.FieldsAsync(both.Path, null, "frame.interface_name")).Count(name => name == "lo"));
        Assert.All(both.Packets.Zip(both.Packets.Skip(1)), p => Assert.True(p.First.UnixNanoseconds <= p.Second.UnixNanoseconds));
    }

    private async Task AssertIsSessionAsync(RebuiltFile built, TlsHistory history, int index)
    {
        string[] expected = [.. tls.Frames.Where((_, i) => history.Owners[i] == index).Select(f => Convert.ToHexString(f.Data))];
        Assert.Equal(expected, built.Packets.Select(p => Convert.ToHexString(p.Data.Span)));
        string[] lines = [.. built.Blocks.OfType<DecryptionSecretsBlock>().SelectMany(b => Encoding.ASCII.GetString(b.Data.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))];
        string random = Assert.Single(lines.Select(l => l.Split(' ')[1]).Distinct());
        Assert.Equal(tls.KeyLog.Where(l => l.Split(' ')[1] == random).Order(StringComparer.Ordinal), lines.Order(StringComparer.Ordinal));
        Assert.Equal(1, built.Report.Sessions);
        Assert.Equal(["/" + tls.Exchanges[index].Marker], await Tshark.FieldsAsync(built.Path, "http.request", "http.request.uri"));
    }

    private async Task<RebuiltFile> BuildAsync(
        StoreKind kind, TlsHistory history, Func<List<Event>, EventFilter> filter, RebuildOptions? options = null, List<Event>? more = null)
    {
        List<Event> events = history.Make();
        return await RebuiltFile.BuildAsync(stores, kind, [.. events, .. more ?? []], filter(events), options);
    }
}
