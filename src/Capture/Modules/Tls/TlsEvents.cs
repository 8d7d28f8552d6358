using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Tls.Earlier;
using ECapture.Capture.Publishing;
using ECapture.Capture.Symbols;
using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Capture.Modules.Tls;

/// <summary>
/// Turns the kernel's records (bpf/include/tls.h) into events: gives connections their ids, ties them to flows and client randoms.
/// </summary>
/// <param name="publisher">Where events go.</param>
/// <param name="losses">Counts records that cannot be used.</param>
/// <param name="ids">Gives connection ids.</param>
/// <param name="libraryAt">The library of an attach cookie's lower half, to name a label by its place; null: none.</param>
/// <param name="topic">Topic of the plaintext; also who counts losses.</param>
/// <param name="library">Written into the events.</param>
/// <param name="wire">Is told what was captured; null: nobody asks.</param>
/// <param name="earlier">Is told of connection objects and their secrets; null: nobody asks.</param>
/// <param name="publishesSecrets">False: secrets stay here; what they tie together is published all the same.</param>
internal sealed class TlsEvents(
    IEventPublisher publisher, ILossAccount losses, ConnectionIds ids, Func<uint, AttachedLibrary?> libraryAt,
    string topic = Topics.Tls, string library = "openssl", bool publishesSecrets = true, WireCoverage? wire = null, EarlierConnections? earlier = null)
{
    private const int MostConnections = 131_072;
    private const ulong MostCallBytes = 1024 * 16384; // MOST_CHUNKS * CHUNK_BYTES of bpf/include/tls.h
    private const int MostSecrets = 131_072;

    private readonly GenerationTable<TlsConnectionKey, TlsConnection> _connections = new(MostConnections);
    private readonly GenerationTable<UInt128, bool> _said = new(MostSecrets);

    /// <summary>Handles plaintext.</summary>
    internal void OnData(in TlsDataRecord record, ReadOnlySpan<byte> data)
    {
        TlsRecordFlags flags = (TlsRecordFlags)record.Header.Flags;
        EventHeader header = Header(record.Header, record.Socket, record.Ssl, record.Born, flags, out TlsConnection connection);
        if (!connection.HasPlaintext && record.Socket.HasAddresses)
        {
            connection.HasPlaintext = true;
            wire?.Captured(record.Socket);
        }

        if (earlier is { IsEmpty: false })
        {
            Tell(earlier, record, connection, flags.HasFlag(TlsRecordFlags.SocketSure));
        }

        if (flags.HasFlag(TlsRecordFlags.Cut))
        {
            header.OriginalLength = record.Length + (record.Call - MostCallBytes);
            losses.Count(topic, "end of a call that moved more bytes than are taken of one");
        }

        const uint Received = 0;
        Direction direction = record.Direction == Received ? Direction.Received : Direction.Sent;
        publisher.PublishTlsData(topic, header, direction, library, record.Offset, data);
        TlsMetrics.Bytes.Add(data.Length);
    }

    /// <summary>Handles a secret.</summary>
    internal void OnSecret(in TlsSecretRecord record)
    {
        string? label = Label(record);
        ReadOnlySpan<byte> random = record.ClientRandom;
        ReadOnlySpan<byte> secret = ((ReadOnlySpan<byte>)record.Secret)[..(int)Math.Min(record.Length, 64)];
        if (label is null || !KeyLogLabels.IsLengthPossible(label, secret.Length) || !random.ContainsAnyExcept((byte)0))
        {
            losses.Count(topic, label is null ? "secret of a label that is not known" : "secret that is none");
            return;
        }

        if (earlier is { IsEmpty: false } && publishesSecrets && libraryAt(record.Library) is { } known)
        {
            earlier.Captured(known, record.Header.Pid, record.Ssl, label, random, secret);
        }

        TlsRecordFlags flags = (TlsRecordFlags)record.Header.Flags;
        EventHeader header = Header(record.Header, record.Socket, record.Ssl, record.Born, flags, out TlsConnection connection);
        ByteString clientRandom = ByteString.CopyFrom(random);
        // Once more when its addresses are known: secrets of early data come before anything was sent.
        if (IsNew(connection.Id, random, record.Socket.HasAddresses ? [] : [0]))
        {
            wire?.Captured(random, header);
            publisher.Publish(Topics.Connection, header, new Event
            {
                ConnectionLink = new ConnectionLink
                {
                    Source = ConnectionLink.Types.Source.Secret,
                    ClientRandom = clientRandom,
                    FromNs = record.Header.BootNs,
                },
            });
        }

        if (publishesSecrets && IsNew(connection.Id, random, [.. Encoding.ASCII.GetBytes(label), .. secret]))
        {
            publisher.Publish(Topics.Secret, header, new Event
            {
                TlsSecret = new TlsSecret
                {
                    Label = label,
                    ClientRandom = clientRandom,
                    Secret = ByteString.CopyFrom(secret),
                    Library = library,
                },
            });
            TlsMetrics.Secrets.Add(1);
        }
    }

    // Once of each object, and once more when its socket is known.
    private void Tell(EarlierConnections earlier, in TlsDataRecord record, TlsConnection connection, bool isSure)
    {
        AttachedLibrary? used = libraryAt(record.Library);
        if ((isSure ? !connection.IsSureTold : !connection.IsTold) && (used is not null || topic == Topics.GoTls))
        {
            connection.IsTold = true;
            connection.IsSureTold = isSure;
            earlier.Used(record.Socket, isSure, publishesSecrets ? new ObjectUse((int)record.Header.Pid, record.Ssl, used, library, connection.Id) : null);
        }
    }

    private EventHeader Header(
        in RecordHeader record, in SocketTuple socket, ulong ssl, ulong born, TlsRecordFlags flags, out TlsConnection connection)
    {
        TlsConnectionKey key = new(record.Pid, ssl, born);
        if (!_connections.TryGet(key, out connection))
        {
            connection = new TlsConnection(ids.Next());
            _connections.Add(key, connection);
        }

        connection.Socket = socket;
        EventHeader header = EventHeader.From(record);
        header.Connection = connection.Id;
        header.Socket = socket;
        if (!connection.IsLinked && flags.HasFlag(TlsRecordFlags.SocketSure) && socket.HasAddresses)
        {
            connection.IsLinked = true;
            publisher.Publish(Topics.Connection, header, new Event
            {
                ConnectionLink = new ConnectionLink { Source = ConnectionLink.Types.Source.Socket, FromNs = born },
            });
        }

        return header;
    }

    private string? Label(in TlsSecretRecord record)
    {
        string? label = record.LabelLength is > 0 and <= 40
            ? Encoding.ASCII.GetString(((ReadOnlySpan<byte>)record.Label)[..(int)record.LabelLength])
            : libraryAt(record.Library)?.LabelAt(record.LabelDistance);
        return label is not null && KeyLogLabels.Known.Contains(label) ? label : null;
    }

    private bool IsNew(ulong connection, ReadOnlySpan<byte> random, ReadOnlySpan<byte> what)
    {
        Span<byte> text = stackalloc byte[8 + 32 + 128];
        MemoryMarshal.Write(text, connection);
        random.CopyTo(text[8..]);
        what.CopyTo(text[40..]);
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(text[..(40 + what.Length)], digest);
        UInt128 key = MemoryMarshal.Read<UInt128>(digest);
        if (_said.TryGet(key, out _))
        {
            return false;
        }

        _said.Add(key, true);
        return true;
    }
}
