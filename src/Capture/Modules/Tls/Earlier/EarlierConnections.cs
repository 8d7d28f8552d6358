using System.Buffers.Binary;
using System.Globalization;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>
/// Gets the secrets of TLS connections that were there before the agent: where a build keeps them is learned from newer connections, and a secret that is read so is published only when a captured record
/// of the connection verifies with it. Says which ones stay encrypted. For the capture thread.
/// </summary>
/// <param name="context">Publishes.</param>
internal sealed class EarlierConnections(ModuleContext context) : IDisposable
{
    private const ulong Second = 1_000_000_000;
    private const ulong PatienceNs = 30 * Second;
    private const ulong SearchPauseNs = 30 * Second;
    private const int MostFlows = 16_384;
    private const int MostObjects = 256; // of a process, whose connections are not known
    private const int MostTried = 32; // at once
    private const int QuickAttempts = 2; // with the likely numbers alone: one thread serves all connections, and all numbers take it seconds
    private const byte Tcp = 6;

    private readonly Dictionary<SocketTuple, EarlierFlow> _flows = [];
    private readonly HashSet<EarlierFlow> _speaking = []; // those that sent TLS records
    private readonly Dictionary<int, List<ObjectUse>> _objects = [];
    private readonly Dictionary<int, (ulong CheckNs, ulong DueNs, int Known)> _searched = [];
    private readonly List<(Func<IReadOnlyCollection<AttachedLibrary>> Libraries, string Name)> _libraries = [];
    private readonly List<EarlierFlow> _done = [];
    private readonly bool _isUsed = context.Options.Modules.Contains("packet") && context.Options.Modules.Any(CaptureModules.WithSecrets.Contains);
    private ProofWorker? _worker;

    /// <summary>True when there is nothing to look at.</summary>
    internal bool IsEmpty => _flows.Count == 0;

    /// <summary>Names the libraries that a module has probes on.</summary>
    /// <param name="libraries">Gives them.</param>
    /// <param name="name">What events call them.</param>
    internal void Add(Func<IReadOnlyCollection<AttachedLibrary>> libraries, string name) => _libraries.Add((libraries, name));

    /// <summary>A socket was there when the agent came.</summary>
    internal void Exists(in EventHeader header)
    {
        if (_isUsed && header.Socket is { HasAddresses: true, Protocol: Tcp } && _flows.Count < MostFlows
            && (context.Options.OnlyPids.Count == 0 || context.Options.OnlyPids.Contains((int)header.Pid)))
        {
            _flows.TryAdd(header.Socket, new EarlierFlow(header));
        }
    }

    /// <summary>A connection ended, or another began with its addresses.</summary>
    internal void Ended(in SocketTuple socket)
    {
        if (_flows.Count > 0)
        {
            Remove(socket);
            Remove(socket.Reversed());
        }
    }

    /// <summary>A TCP segment with payload.</summary>
    /// <param name="header">Its packet's.</param>
    /// <param name="isSent">The local end sent it.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="payloadAt">Where the payload begins.</param>
    internal void Saw(in EventHeader header, bool isSent, ReadOnlySpan<byte> frame, int payloadAt)
    {
        if (_flows.TryGetValue(header.Socket, out EarlierFlow? flow))
        {
            Feed(flow, header, isSent, isSent, frame, payloadAt);
        }

        // Both ends of a connection of the host with itself.
        if (_flows.TryGetValue(header.Socket.Reversed(), out EarlierFlow? other))
        {
            Feed(other, header, !isSent, isSent, frame, payloadAt);
        }
    }

    /// <summary>A process used a connection object.</summary>
    /// <param name="socket">The socket that the thread used last.</param>
    /// <param name="isSure">It is the connection's.</param>
    /// <param name="use">The object; null: its secrets may not be published.</param>
    internal void Used(in SocketTuple socket, bool isSure, ObjectUse? use)
    {
        if (_flows.TryGetValue(socket, out EarlierFlow? flow))
        {
            flow.HasPlaintext = true;
            if (isSure)
            {
                flow.Owner = use;
            }
        }

        if (isSure || use is null)
        {
            return;
        }

        if (!_objects.TryGetValue(use.Pid, out List<ObjectUse>? objects))
        {
            _objects.Add(use.Pid, objects = []);
        }

        if (objects.Count < MostObjects)
        {
            objects.Add(use);
        }
    }

    /// <summary>A secret of a newer connection was captured.</summary>
    internal void Captured(AttachedLibrary library, uint pid, ulong address, string label, ReadOnlySpan<byte> clientRandom, ReadOnlySpan<byte> secret)
    {
        SecretField? field = label switch
        {
            "CLIENT_RANDOM" => SecretField.MasterSecret,
            "CLIENT_TRAFFIC_SECRET_0" => SecretField.ClientTraffic,
            "SERVER_TRAFFIC_SECRET_0" => SecretField.ServerTraffic,
            _ => null,
        };
        if (field is { } wanted && _flows.Count > 0 && Worker().Wants(library.Build, wanted))
        {
            Worker().Learn(new ProofWorker.Lesson(library, (int)pid, address, wanted, secret.ToArray(), clientRandom.ToArray()));
        }
    }

    /// <summary>Tries what can be tried, publishes what was proved, says what was not.</summary>
    internal void Tick(ulong bootNs)
    {
        if (_worker is null && _speaking.Count == 0)
        {
            return;
        }

        ProofWorker worker = Worker();
        worker.Tick();
        while (worker.TryTakeFound(out ProofWorker.Found found))
        {
            if (found.Objects.Count > 0)
            {
                _objects[found.Pid] = [.. found.Objects];
            }
        }

        while (worker.TryTake(out ProofWorker.Proof proof))
        {
            Take(proof, bootNs);
        }

        foreach (EarlierFlow flow in _speaking)
        {
            TryTo(flow, bootNs, worker);
        }

        SayUncovered(bootNs);
        foreach (EarlierFlow flow in _done)
        {
            Ended(flow.Header.Socket);
        }

        _done.Clear();
    }

    /// <summary>Ends the work and forgets all connections; whoever tells of others is not heard.</summary>
    public void Dispose()
    {
        _flows.Clear();
        _speaking.Clear();
        _worker?.Dispose();
        _worker = null;
    }

    private ProofWorker Worker() => _worker ??= new ProofWorker(context.Loggers.CreateLogger<ProofWorker>());

    private void Feed(EarlierFlow flow, in EventHeader header, bool isSent, bool fromLocal, ReadOnlySpan<byte> frame, int payloadAt)
    {
        if (Sequence(frame, payloadAt, fromLocal ? header.Socket.LocalPort : header.Socket.RemotePort) is { } sequence)
        {
            flow.Feed(isSent, sequence, frame[payloadAt..], header.BootNs);
            if (flow.FirstRecordNs != 0)
            {
                _speaking.Add(flow);
            }
            else if (flow.IsOther)
            {
                Remove(flow.Header.Socket);
            }
        }
    }

    // The TCP header ends where the payload begins; its length is in it.
    private static uint? Sequence(ReadOnlySpan<byte> frame, int payloadAt, ushort sourcePort)
    {
        const int Least = 20;
        const int Most = 60;
        for (int length = Least; length <= Most && length <= payloadAt; length += 4)
        {
            ReadOnlySpan<byte> header = frame.Slice(payloadAt - length, length);
            if ((header[12] >> 4) * 4 == length && BinaryPrimitives.ReadUInt16BigEndian(header) == sourcePort)
            {
                return BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
            }
        }

        return null;
    }

    private void Remove(in SocketTuple socket)
    {
        if (_flows.Remove(socket, out EarlierFlow? flow))
        {
            _speaking.Remove(flow);
        }

        if (_flows.Count == 0)
        {
            _objects.Clear();
            _searched.Clear();
        }
    }

    private void TryTo(EarlierFlow flow, ulong bootNs, ProofWorker worker)
    {
        if (flow.IsTried || !flow.HasSample)
        {
            return;
        }

        List<ObjectUse> objects = flow.Owner is { } owner ? [owner] : _objects.GetValueOrDefault((int)flow.Header.Pid) ?? [];
        if (objects.Count == 0)
        {
            Search((int)flow.Header.Pid, bootNs, worker);
            return;
        }

        int basis = objects.Sum(o => o.Library is null ? 1 : worker.Knows(o.Library.Build)) + (flow.Proved is null ? 0 : int.MinValue);
        if (basis is 0 or int.MinValue || !flow.IsDue(bootNs, basis))
        {
            return;
        }

        RecordSample[] samples = [.. new[] { flow.Sample(isSent: true), flow.Sample(isSent: false) }.OfType<RecordSample>()];
        flow.IsTried = worker.Try(new ProofWorker.Trial(
            flow, [.. objects.Skip((flow.Attempts - 1) * MostTried % objects.Count).Take(MostTried)], samples, flow.Proved, flow.Attempts > QuickAttempts));
    }

    // Nobody saw it use an object: plaintext is not captured, or it cannot be.
    private void Search(int pid, ulong bootNs, ProofWorker worker)
    {
        (ulong CheckNs, ulong DueNs, int Known) last = _searched.GetValueOrDefault(pid);
        if (bootNs < last.CheckNs)
        {
            return;
        }

        _searched[pid] = last with { CheckNs = bootNs + Second };
        (AttachedLibrary Library, string Name)[] libraries =
            [.. _libraries.SelectMany(l => l.Libraries().Select(library => (library, l.Name))).Where(l => worker.Knows(l.library.Build) > 0)];
        int known = libraries.Sum(l => worker.Knows(l.Library.Build));
        if (known != 0 && (last.Known != known || bootNs >= last.DueNs) && worker.Search(pid, libraries))
        {
            _searched[pid] = (bootNs + Second, bootNs + SearchPauseNs, known);
        }
    }

    private void Take(in ProofWorker.Proof proof, ulong bootNs)
    {
        EarlierFlow flow = proof.Trial.Flow;
        flow.IsTried = false;
        if (!_flows.TryGetValue(flow.Header.Socket, out EarlierFlow? still) || still != flow)
        {
            return; // it ended, or its other end was proved
        }

        foreach ((ProvedSecret secret, ObjectUse proved) in proof.Proved)
        {
            ObjectUse owner = flow.Owner is { Connection: not 0 } known ? known
                : proved.Connection != 0 ? proved : proved with { Connection = context.Connections.Next() };
            if (flow.Proved is not null || proof.Proved.Count > 1)
            {
                _done.Add(flow);
            }

            Remove(flow.Header.Socket.Reversed()); // the other end of a connection of the host with itself
            flow.Proved = secret;
            flow.Owner = owner;
            _objects.GetValueOrDefault(owner.Pid)?.Remove(proved);
            Publish(flow, secret, owner, bootNs);
        }
    }

    private void Publish(EarlierFlow flow, ProvedSecret secret, ObjectUse owner, ulong bootNs)
    {
        EventHeader header = flow.Header;
        header.BootNs = bootNs;
        header.Connection = owner.Connection;
        ByteString random = ByteString.CopyFrom(secret.ClientRandom);
        context.Publisher.Publish(Topics.Connection, header, new Event
        {
            ConnectionLink = new ConnectionLink { Source = ConnectionLink.Types.Source.Secret, ClientRandom = random },
        });
        context.Publisher.Publish(Topics.Secret, header, new Event
        {
            TlsSecret = new TlsSecret
            {
                Label = secret.Label,
                ClientRandom = random,
                Secret = ByteString.CopyFrom(secret.Secret),
                Library = owner.LibraryName,
                Position = new RecordPosition
                {
                    CipherSuite = secret.Suite.Id,
                    ServerRandom = ByteString.CopyFrom(secret.ServerRandom),
                    Direction = secret.IsSent ? Direction.Sent : Direction.Received,
                    IsClients = secret.IsClients,
                    Record = secret.Number,
                    TcpSequence = secret.Start,
                    IsRandomMade = secret.IsRandomMade,
                },
            },
        });
        TlsMetrics.Secrets.Add(1);
    }

    // Once of each process: the connections of a pool have one reason.
    private void SayUncovered(ulong bootNs)
    {
        foreach (IGrouping<(uint Pid, ulong ProcessStart), EarlierFlow> process in _speaking
            .Where(f => !f.IsSaid && !f.HasPlaintext && f.Proved is null && bootNs > f.FirstRecordNs + PatienceNs)
            .GroupBy(f => (f.Header.Pid, f.Header.ProcessStart)).ToArray())
        {
            EventHeader header = process.First().Header;
            header.BootNs = bootNs;
            int count = process.Count();
            string target = RunningPrograms.PathOf(header.Pid) ?? "process that has ended";
            context.NotCovered(header, "connection", target, string.Create(
                CultureInfo.InvariantCulture,
                $"{count} TLS connection{(count == 1 ? " is" : "s are")} older than the agent, and neither plaintext nor secrets of {(count == 1 ? "it" : "them")} were captured: closed and opened again, {(count == 1 ? "it is" : "they are")} captured"));
            foreach (EarlierFlow flow in process)
            {
                flow.IsSaid = true;
            }
        }
    }
}
