using System.Diagnostics;
using ECapture.Pcapng;
using ECapture.Query.Pcap.Earlier;
using ECapture.Query.Pcap.Synthetic;
using ECapture.Sealing;
using ECapture.Sealing.Keys;
using ECapture.Storage;
using ECapture.Storage.Reading;

namespace ECapture.Query.Pcap;

/// <summary>
/// Rebuilds a pcapng file from a store: interfaces, the TLS secrets of exactly the sessions that the filter matched, then their
/// packets in the order of time with direction and process. A matched session comes whole, from its first packet. Memory grows with the
/// number of sessions, not with that of packets.
/// </summary>
/// <param name="store">Where events are read.</param>
/// <param name="options">What goes into the file.</param>
/// <param name="keys">Private keys that open sealed secrets; null: none is here.</param>
public sealed class PcapngBuilder(IEventStoreReader store, RebuildOptions options, IPrivateKeys? keys = null)
{
    internal static string Application { get; } = "ecapture " + typeof(PcapngBuilder).Assembly.GetName().Version?.ToString(3);

    private const uint UnknownUser = uint.MaxValue;

    /// <summary>Finds the sessions of a filter and their secrets, so that an error of the store comes before the first byte of a file.</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    public async Task<Rebuild> PrepareAsync(EventFilter filter, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        using Activity? activity = QueryTelemetry.Activities.StartActivity("pcapng.sessions");
        SessionSet sessions = await new SessionResolver(store, options).ResolveAsync(filter, [], cancellationToken).ConfigureAwait(false);
        Session[] matched = [.. sessions.Matched];
        Session[] synthetic = options.Synthetic ? [.. matched.Where(s => s.IsSynthetic), .. sessions.Unplaced.Values] : [];
        Session[] captured = [.. matched.Except(synthetic)];
        List<PacketSegment> whole = PacketPlan.Make(captured, sessions.Bounds, filter.EveryPacket);
        var blocks = new MemoryStream();
        var secrets = new SecretCounts(0, 0, 0, []);
        var earlier = new EarlierHandshakes();
        if (options.Keys && whole.Count > 0)
        {
            var writer = new PcapngWriter(blocks);
            var range = new TimeRange(whole[0].Range.From, whole[^1].Range.To);
            using SecretOpener? opener = keys is null ? null : new SecretOpener(keys);
            var secretWriter = new SecretWriter(store, sessions, writer, opener, matched);
            long lines = await secretWriter.WriteAsync(range, cancellationToken).ConfigureAwait(false);
            earlier = secretWriter.Earlier;
            secrets = new SecretCounts(lines, secretWriter.Sealed, secretWriter.Damaged, [.. secretWriter.MissingKeys]);
            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        activity?.SetTag("ecapture.sessions", matched.Length);
        List<PacketSegment> plan = options.Window is { } window
            ? PacketPlan.Make(captured, new TimeRange(Math.Max(window.From, sessions.Bounds.From), Math.Min(window.To, sessions.Bounds.To)), filter.EveryPacket) : whole;
        return new Rebuild(sessions, matched, synthetic, plan, blocks, secrets, earlier, options.Window);
    }

    /// <summary>Writes the file.</summary>
    /// <param name="rebuild">What <see cref="PrepareAsync"/> gave.</param>
    /// <param name="output">Where the file goes; its speed is the speed of the read. It stays open.</param>
    /// <param name="cancellationToken">Ends the work, in the store, too; the file is cut then.</param>
    /// <exception cref="StoreException">The store failed; the file is cut.</exception>
    public async Task<RebuildReport> WriteAsync(Rebuild rebuild, Stream output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rebuild);
        ArgumentNullException.ThrowIfNull(output);
        long begun = Stopwatch.GetTimestamp();
        using Activity? activity = QueryTelemetry.Activities.StartActivity("pcapng.write");
        var writer = new PcapngWriter(output);
        writer.WriteSectionHeader(application: Application, comment: SectionComment.Of(options, rebuild));
        long packets = 0;
        if (rebuild.Sessions > 0)
        {
            string[] hosts = [.. rebuild.Matched.Concat(rebuild.Synthetic).Select(s => s.Key.Host).Distinct().Order(StringComparer.Ordinal)];
            var interfaces = new InterfaceTable(writer);
            if (rebuild.Plan.Count > 0)
            {
                IReadOnlyCollection<ulong>? flows = rebuild.Plan.Count == 1 ? rebuild.Plan[0].Flows : null;
                foreach (StoredInterface description in
                    await store.InterfacesAsync(new PacketQuery(rebuild.Range, hosts, flows), cancellationToken).ConfigureAwait(false))
                {
                    interfaces.Add(description);
                }
            }

            try
            {
                packets = await WritePacketsAsync(rebuild, hosts, interfaces, writer, cancellationToken).ConfigureAwait(false);
            }
            catch (StoreException)
            {
                // Whoever keeps the file all the same finds in it that it is not whole.
                writer.WriteSectionHeader(application: Application, comment: SectionComment.Cut);
                await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
                throw;
            }
        }

        await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        activity?.SetTag("ecapture.packets", packets);
        QueryTelemetry.Packets.Add(packets);
        QueryTelemetry.Bytes.Add(writer.BytesWritten);
        QueryTelemetry.Sessions.Add(rebuild.Sessions);
        QueryTelemetry.RebuildDuration.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds);
        return new RebuildReport(rebuild.Sessions, rebuild.SessionsWithoutSecrets, rebuild.Secrets, packets, writer.BytesWritten)
        {
            SecretComplaint = rebuild.SecretCounts.Complaint,
            SyntheticSessions = rebuild.SyntheticSessions,
        };
    }

    private static void WriteProcesses(PcapngWriter writer, Session[] matched)
    {
        var written = new HashSet<(uint Pid, ulong Start)>();
        foreach (ProcessFact process in matched.SelectMany(s => s.Processes.Values))
        {
            if (written.Add((process.Pid, process.Start)))
            {
                writer.WriteProcess(new PcapngProcess(
                    process.Pid, process.Name, process.Uid == UnknownUser ? null : process.Uid,
                    process.Start == 0 ? null : process.Start + (ulong)process.ClockOffset));
            }
        }
    }

    private async Task<long> WritePacketsAsync(
        Rebuild rebuild, string[] hosts, InterfaceTable interfaces, PcapngWriter writer, CancellationToken cancellationToken)
    {
        if (rebuild.SyntheticSessions == 0)
        {
            return await WriteCapturedAsync(rebuild, hosts, interfaces, writer, null, cancellationToken).ConfigureAwait(false);
        }

        var made = new SyntheticPackets(store, rebuild, options.Window, writer, hosts.Length > 1);
        await using (made.ConfigureAwait(false))
        {
            long captured = await WriteCapturedAsync(rebuild, hosts, interfaces, writer, made, cancellationToken).ConfigureAwait(false);
            await made.WriteUntilAsync(long.MaxValue, cancellationToken).ConfigureAwait(false);
            return captured + made.Packets;
        }
    }

    private async Task<long> WriteCapturedAsync(
        Rebuild rebuild, string[] hosts, InterfaceTable interfaces, PcapngWriter writer, SyntheticPackets? made, CancellationToken cancellationToken)
    {
        var tracks = new FlowTracks(rebuild.Set, hosts.Length > 1);
        long packets = 0;
        long handshakes = 0;
        var segments = new SegmentReader(store, rebuild.Plan, hosts);
        await using (segments.ConfigureAwait(false))
        {
            while (await segments.NextAsync(cancellationToken).ConfigureAwait(false) is { } cursor)
            {
                while (await cursor.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    if (tracks.Find(cursor) is { } track && track.Wants(cursor) && IsInWindow(cursor.Time))
                    {
                        int @interface = interfaces.Find(cursor);
                        if (packets == 0)
                        {
                            await WriteKnownAsync(rebuild, writer, cancellationToken).ConfigureAwait(false);
                            handshakes = await rebuild.Earlier.WriteAsync(writer, cursor.Time, cancellationToken).ConfigureAwait(false);
                        }

                        if (made is not null)
                        {
                            await made.WriteUntilAsync(cursor.Time - 1, cancellationToken).ConfigureAwait(false);
                        }

                        writer.WritePacket(
                            @interface, (ulong)cursor.Time, cursor.Data, cursor.OriginalLength, track.Options(cursor));
                        packets++;
                        if (writer.ShouldFlush)
                        {
                            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
                        }
                    }
                }
            }
        }

        if (packets == 0)
        {
            await WriteKnownAsync(rebuild, writer, cancellationToken).ConfigureAwait(false);
        }

        return packets + handshakes;
    }

    // Statements look for whole microseconds in some stores.
    private bool IsInWindow(long time) => options.Window is not { } window || (time >= window.From && time < window.To);

    // What stands between the interfaces and the packets.
    private async Task WriteKnownAsync(Rebuild rebuild, PcapngWriter writer, CancellationToken cancellationToken)
    {
        await writer.CopyAsync(rebuild.SecretBlocks, cancellationToken).ConfigureAwait(false);
        if (options.ProcessBlocks)
        {
            WriteProcesses(writer, rebuild.Matched);
        }
    }
}
