namespace ECapture.Protocols.Postgres;

/// <summary>
/// Follows one session of PostgreSQL's protocol 3 from the plaintext of both directions (PostgreSQL documentation, part "Internals",
/// chapter "Frontend/Backend Protocol") and says which statements ran, with their answers.
/// <para>
/// One statement per Query message, whatever number of commands its string holds (as <c>log_statement = all</c> writes it), with the last
/// command's tag and the rows of all; one per Execute message; one per failing Parse, Bind or Describe; one per FunctionCall.
/// </para>
/// <para>
/// The bytes are untrusted: nothing throws, memory is bounded by <see cref="PostgresLimits"/>. Bytes may be missing: what is certain after
/// a gap is published, the rest as incomplete. Authentication messages are neither kept nor read. Not for use by several threads at once.
/// </para>
/// </summary>
public sealed class PostgresSession
{
    private readonly RequestQueue _queue;
    private readonly AnswerMatcher _matcher;
    private readonly Direction _received;
    private readonly Direction _sent;
    private ulong _now;
    private int _encryptionAnswers;
    private bool _started;
    private bool _ignores;

    /// <summary>Creates a session of which nothing was seen yet.</summary>
    /// <param name="limits">Bounds of memory.</param>
    /// <param name="onStatement">Called during <see cref="Received"/>, <see cref="Sent"/> and <see cref="End"/>.</param>
    public PostgresSession(PostgresLimits limits, Action<PostgresStatement> onStatement)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(onStatement);
        _queue = new RequestQueue(limits);
        _matcher = new AnswerMatcher(_queue, new StatementMaker(limits, onStatement));
        ClientMessages client = new(limits, _queue);
        _received = new Direction(new MessageReader(new Receiver(client.BytesToKeep, OnClientMessage), MessageRules.IsClient));
        _sent = new Direction(new MessageReader(new Receiver(BytesToKeepOfServer, OnServerMessage), MessageRules.IsServer));
    }

    /// <summary>The user of the startup message; empty when it was not seen.</summary>
    public ReadOnlyMemory<byte> User { get; private set; }

    /// <summary>The database of the startup message; empty when it was not seen.</summary>
    public ReadOnlyMemory<byte> Database { get; private set; }

    /// <summary>Times that a direction lost its place: bytes were missing or no messages.</summary>
    public long Losses { get; private set; }

    /// <summary>
    /// Offset up to which the client's bytes are of no interest (the rest of a CopyData message): they need not be handed over. 0: all
    /// are wanted. The end of a request is always wanted: it is a request when its last byte is here, not when the next one begins.
    /// </summary>
    public ulong ReceivedUnwantedUntil => _received.Reader.Type == (byte)'d' ? _received.UnwantedUntil : 0;

    /// <summary>Offset up to which the server's bytes are of no interest: the rest of a row, of which only the length matters.</summary>
    public ulong SentUnwantedUntil => _sent.UnwantedUntil;

    /// <summary>Takes bytes of the client.</summary>
    /// <param name="bootNs">When they were read.</param>
    /// <param name="offset">Bytes of this direction before them, since the observation began.</param>
    /// <param name="data">Plaintext.</param>
    /// <param name="begins">The first byte begins a message for certain.</param>
    public void Received(ulong bootNs, ulong offset, ReadOnlySpan<byte> data, bool begins = false)
    {
        _now = bootNs;
        if (data.IsEmpty || _ignores)
        {
            return;
        }

        if (!_started && !Start(data))
        {
            _received.Next = offset + (ulong)data.Length;
            return;
        }

        if (begins)
        {
            Begin(_received, offset);
        }

        if (!_received.Continue(offset) || _received.Reader.IsLost)
        {
            Resume(_received, offset, data, MessageRules.FindClientStart(data));
        }
        else if (_received.IsDoubtful && !_received.Reader.IsAtBoundary && MessageRules.AreWholeClientMessages(data))
        {
            _received.Reader.Restart(); // the long message that was believed after a gap is none
            Read(_received, offset, data);
        }
        else
        {
            Read(_received, offset, data);
        }
    }

    /// <summary>Takes bytes of the server.</summary>
    /// <param name="bootNs">When they were written.</param>
    /// <param name="offset">Bytes of this direction before them, since the observation began.</param>
    /// <param name="data">Plaintext.</param>
    /// <param name="begins">The first byte begins a message for certain.</param>
    public void Sent(ulong bootNs, ulong offset, ReadOnlySpan<byte> data, bool begins = false)
    {
        _now = bootNs;
        if (data.IsEmpty || _ignores)
        {
            return;
        }

        StartSent();
        if (begins)
        {
            Begin(_sent, offset);
        }

        if (!_sent.Continue(offset))
        {
            Losses++;
            _sent.Reader.Lose();
            _matcher.OnLost(bootNs);
        }

        if (_encryptionAnswers > 0 && data[0] is (byte)'S' or (byte)'N' or (byte)'G')
        {
            _encryptionAnswers--;
            data = data[1..];
            offset++;
            _sent.Next = offset;
        }

        if (_sent.Reader.IsLost)
        {
            Resume(_sent, offset, data, MessageRules.FindServerStart(data));
        }
        else
        {
            Read(_sent, offset, data);
        }
    }

    /// <summary>Passes over whole CopyData messages of the client.</summary>
    /// <param name="bootNs">When the message after them was read.</param>
    /// <param name="offset">Where they begin.</param>
    /// <param name="bytes">Their length.</param>
    public void ReceivedLeftOut(ulong bootNs, ulong offset, ulong bytes)
    {
        _now = bootNs;
        if (!_ignores)
        {
            _started = true;
            Begin(_received, offset);
            _received.Next = offset + bytes;
        }
    }

    /// <summary>Passes over whole DataRow or CopyData messages of the server.</summary>
    /// <param name="bootNs">When the message after them was written.</param>
    /// <param name="offset">Where they begin.</param>
    /// <param name="bytes">Their length.</param>
    /// <param name="messages">How many they are.</param>
    public void SentLeftOut(ulong bootNs, ulong offset, ulong bytes, ulong messages)
    {
        _now = bootNs;
        if (!_ignores)
        {
            StartSent();
            Begin(_sent, offset);
            _sent.Next = offset + bytes;
            _matcher.OnRows(messages, bootNs);
        }
    }

    /// <summary>The session or its observation ended: publishes what has no answer.</summary>
    public void End(ulong bootNs)
    {
        _now = bootNs;
        _matcher.End(bootNs);
    }

    // The first bytes say where in the session they stand: an untyped message begins with a zero byte (its length is < 10,000).
    private bool Start(ReadOnlySpan<byte> data)
    {
        const byte TlsHandshake = 0x16;
        if (data[0] == TlsHandshake)
        {
            return false; // direct TLS: the server peeks at the ClientHello through the same function
        }

        _started = true;
        if (data[0] == 0)
        {
            _received.Reader.IsUntyped = true;
        }
        else
        {
            _received.Reader.Lose(); // older than the observation; the server's next bytes answer these, so they begin a message
        }

        return true;
    }

    private void StartSent()
    {
        if (!_started)
        {
            _started = true; // the server speaks first: the session is older than the observation
            _sent.Reader.Lose();
        }
    }

    // A message begins here, whatever was believed.
    private void Begin(Direction direction, ulong offset)
    {
        if (direction.Continue(offset) && direction.Reader.IsAtBoundary)
        {
            return;
        }

        if (!direction.Reader.IsLost)
        {
            Losses++;
            if (direction == _sent)
            {
                _matcher.OnLost(_now);
            }
        }

        direction.Reader.Restart();
        direction.IsDoubtful = false;
        direction.Next = offset;
    }

    private void Resume(Direction direction, ulong offset, ReadOnlySpan<byte> data, int start)
    {
        if (!direction.Reader.IsLost)
        {
            Losses++;
            direction.Reader.Lose();
        }

        direction.Next = offset + (ulong)data.Length;
        if (start >= 0)
        {
            direction.Reader.Restart();
            direction.IsDoubtful = true;
            Read(direction, offset + (ulong)start, data[start..]);
        }
    }

    private void Read(Direction direction, ulong offset, ReadOnlySpan<byte> data)
    {
        direction.Next = offset + (ulong)data.Length;
        if (!direction.Reader.Read(data))
        {
            Losses++;
            if (direction == _sent)
            {
                _matcher.OnLost(_now);
            }
        }
    }

    private void OnClientMessage(byte type, ReadOnlySpan<byte> body, int length)
    {
        if (type == 0)
        {
            OnStartup(body);
            return;
        }

        if (_queue.IsFull)
        {
            _matcher.End(_now); // a client that never reads its answers, or none of this protocol
        }

        if (ClientMessages.Parse(type, body, length, _now) is { } request)
        {
            _queue.Add(request);
        }
    }

    private void OnStartup(ReadOnlySpan<byte> body)
    {
        StartupPacket packet = StartupPacket.Parse(body);
        switch (packet.Kind)
        {
            case StartupKind.Encryption:
                _encryptionAnswers++;
                break;
            case StartupKind.Session:
                User = packet.User;
                Database = packet.Database;
                _matcher.Application = packet.Application;
                _received.Reader.IsUntyped = false;
                _encryptionAnswers = Math.Min(_encryptionAnswers, 1);
                _queue.Add(new Request(RequestKind.Startup, _now));
                break;
            default:
                _ignores = true;
                break;
        }
    }

    private void OnServerMessage(byte type, ReadOnlySpan<byte> body, int length)
    {
        _encryptionAnswers = 0;
        _matcher.OnMessage(type, body, _now);
        if (type == (byte)'Z' && _received.Reader.IsAtBoundary)
        {
            _received.IsDoubtful = false;
        }
    }

    private static int BytesToKeepOfServer(byte type, int length) => type switch
    {
        (byte)'C' or (byte)'S' or (byte)'t' or (byte)'Z' => Math.Min(length, 64 * 1024),
        (byte)'E' => Math.Min(length, 64 * 1024),
        _ => 0,
    };

    private sealed class Receiver(Func<byte, int, int> bytesToKeep, Receiver.Handler onMessage) : IMessageReceiver
    {
        internal delegate void Handler(byte type, ReadOnlySpan<byte> body, int length);

        public int BytesToKeep(byte type, int length) => bytesToKeep(type, length);

        public void OnMessage(byte type, ReadOnlySpan<byte> body, int length) => onMessage(type, body, length);
    }

    private sealed class Direction(MessageReader reader)
    {
        internal MessageReader Reader { get; } = reader;

        /// <summary>Offset after the last byte seen.</summary>
        internal ulong Next { get; set; }

        /// <summary>The place was guessed after a gap.</summary>
        internal bool IsDoubtful { get; set; }

        internal ulong UnwantedUntil => Reader.Unwanted is > 0 and long unwanted ? Next + (ulong)unwanted : 0;

        /// <summary>Passes over bytes that are missing; false: the place is lost.</summary>
        internal bool Continue(ulong offset) =>
            offset == Next || (offset > Next && Reader.TrySkip(offset - Next));
    }
}
