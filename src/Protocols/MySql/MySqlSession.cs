namespace ECapture.Protocols.MySql;

/// <summary>
/// Follows one session of the MySQL client/server protocol from the plaintext of both directions and says which statements ran, with their
/// answers (MySQL internals, "Client/Server Protocol"; MariaDB knowledge base, "Clients and Servers Protocol").
/// <para>
/// One statement per COM_QUERY, whatever number of statements its string holds, with the rows of all; one per COM_STMT_EXECUTE or
/// COM_STMT_BULK_EXECUTE; one per COM_STMT_PREPARE that failed.
/// </para>
/// <para>
/// The bytes are untrusted: nothing throws, memory is bounded by <see cref="MySqlLimits"/>. After bytes that are missing it goes on with the next
/// command; what was on its way is published as incomplete. What authenticates is neither kept nor published. A session of which the beginning was not
/// seen, or which is compressed, is not followed: <see cref="NotFollowed"/>. Not for use by several threads at once.
/// </para>
/// </summary>
public sealed class MySqlSession
{
    private const string NoGreeting = "it began before the agent, or is none of the client/server protocol: no greeting was seen";
    private const int ServerPacketLimit = 64 * 1024;

    private readonly MySqlLimits _limits;
    private readonly CommandQueue _queue;
    private readonly PacketReader _client;
    private readonly PacketReader _server;
    private Phase _phase;
    private Greeting _greeting;
    private ulong _nextReceived;
    private ulong _nextSent;
    private ulong _now;
    private bool _isLost;

    /// <summary>Creates a session of which nothing was seen yet.</summary>
    /// <param name="limits">Bounds of memory.</param>
    /// <param name="onStatement">Called during <see cref="Received"/>, <see cref="Sent"/> and <see cref="End"/>.</param>
    public MySqlSession(MySqlLimits limits, Action<MySqlStatement> onStatement)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(onStatement);
        _limits = limits;
        _queue = new CommandQueue(limits, onStatement);
        _client = new PacketReader(limits.Payload + 1, OnClientPacket);
        _server = new PacketReader(ServerPacketLimit, OnServerPacket);
    }

    private enum Phase
    {
        Greeting,
        Login,
        Authentication,
        Commands,
        Ended,
    }

    /// <summary><c>mariadb</c> or <c>mysql</c>, as the server names itself; empty: not seen.</summary>
    public string System => _greeting.System ?? "";

    /// <summary>The user of the login, or of the last COM_CHANGE_USER; empty when it was not seen.</summary>
    public ReadOnlyMemory<byte> User => _queue.User;

    /// <summary>The default database now.</summary>
    public ReadOnlyMemory<byte> Database => _queue.Database;

    /// <summary>What the client's program calls itself; empty: nothing.</summary>
    public ReadOnlyMemory<byte> Application { get; private set; }

    /// <summary>Times that bytes were missing.</summary>
    public long Losses { get; private set; }

    /// <summary>Why the session is not followed; null: it is.</summary>
    public string? NotFollowed { get; private set; }

    /// <summary>Nothing more is to come of the session: its bytes are not wanted.</summary>
    public bool HasEnded => _phase == Phase.Ended;

    /// <summary>Takes bytes of the client.</summary>
    /// <param name="bootNs">When they were read, nanoseconds.</param>
    /// <param name="offset">Bytes of this direction before them, since the observation began.</param>
    /// <param name="data">Plaintext.</param>
    public void Received(ulong bootNs, ulong offset, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty || HasEnded)
        {
            return;
        }

        _now = bootNs;
        if (_phase == Phase.Greeting)
        {
            // The server speaks first.
            Stop(NoGreeting);
            return;
        }

        CheckPlace(ref _nextReceived, offset, (ulong)data.Length);
        if (_isLost && IsCommandHeader(data))
        {
            _isLost = false;
            _client.Restart();
            _server.Restart();
        }

        if (!_isLost && !HasEnded)
        {
            _client.Read(data);
        }
    }

    /// <summary>Takes bytes of the server.</summary>
    /// <param name="bootNs">When they were written, nanoseconds.</param>
    /// <param name="offset">Bytes of this direction before them, since the observation began.</param>
    /// <param name="data">Plaintext.</param>
    public void Sent(ulong bootNs, ulong offset, ReadOnlySpan<byte> data)
    {
        const int HeaderBytes = 4;
        if (data.IsEmpty || HasEnded)
        {
            return;
        }

        _now = bootNs;
        if (_phase == Phase.Greeting && (offset != _nextSent || (offset == 0 && (data.Length <= HeaderBytes || data[3] > 1 || data[4] is not (Greeting.Version or ErrorPacket.Marker)))))
        {
            Stop(NoGreeting);
            return;
        }

        CheckPlace(ref _nextSent, offset, (ulong)data.Length);
        if (!_isLost && !HasEnded)
        {
            _server.Read(data);
        }
    }

    /// <summary>Passes over packets of a file that the client sends.</summary>
    /// <param name="bootNs">When the packet after them was read.</param>
    /// <param name="offset">Where they begin.</param>
    /// <param name="bytes">Their length.</param>
    public void ReceivedLeftOut(ulong bootNs, ulong offset, ulong bytes)
    {
        if (CanPassOver(ref _nextReceived, bootNs, offset, bytes) && !(_client.IsAtBoundary && _queue.Answer.IsInFile))
        {
            LosePlace();
        }
    }

    /// <summary>Passes over rows of the server: whole packets.</summary>
    /// <param name="bootNs">When the packet after them was written.</param>
    /// <param name="offset">Where they begin.</param>
    /// <param name="bytes">Their length.</param>
    /// <param name="rows">How many they are.</param>
    public void SentLeftOut(ulong bootNs, ulong offset, ulong bytes, ulong rows)
    {
        if (CanPassOver(ref _nextSent, bootNs, offset, bytes) && !(_server.IsAtBoundary && _queue.TryAddRows(rows)))
        {
            LosePlace();
        }
    }

    /// <summary>The session or its observation ended: publishes what has no answer.</summary>
    public void End(ulong bootNs)
    {
        _now = bootNs;
        _phase = Phase.Ended;
        _queue.Abandon(bootNs);
    }

    // Servers read the header of a packet by itself; that of a command has number 0.
    private static bool IsCommandHeader(ReadOnlySpan<byte> data) => data.Length == 4 && data[3] == 0 && data[..3].ContainsAnyExcept((byte)0);

    private void CheckPlace(ref ulong next, ulong offset, ulong length)
    {
        bool isGap = offset != next;
        next = offset + length;
        if (!isGap)
        {
            return;
        }

        Losses++;
        if (_phase != Phase.Commands || _queue.IsChangingUser)
        {
            Stop("bytes of its login are missing");
        }
        else
        {
            Lose();
        }
    }

    private bool CanPassOver(ref ulong next, ulong bootNs, ulong offset, ulong bytes)
    {
        if (HasEnded)
        {
            return false;
        }

        _now = bootNs;
        if (_phase == Phase.Greeting)
        {
            Stop(NoGreeting);
            return false;
        }

        CheckPlace(ref next, offset, bytes);
        return !_isLost && !HasEnded;
    }

    private void LosePlace()
    {
        Losses++;
        Lose();
    }

    private void Lose()
    {
        _isLost = true;
        _queue.Abandon(_now);
    }

    private void Stop(string reason)
    {
        NotFollowed = reason;
        End(_now);
    }

    private void OnServerPacket(byte number, ReadOnlySpan<byte> payload, long length)
    {
        bool isError = !payload.IsEmpty && payload[0] == ErrorPacket.Marker;
        bool isOk = !payload.IsEmpty && payload[0] == 0;
        if (HasEnded || _isLost)
        {
            return;
        }

        switch (_phase)
        {
            case Phase.Greeting when isError:
                End(_now); // refused
                break;
            case Phase.Greeting:
                if (Greeting.TryParse(payload, out _greeting))
                {
                    _phase = Phase.Login;
                }
                else
                {
                    Stop("its greeting is not understood");
                }

                break;
            case Phase.Login or Phase.Authentication when isError:
                End(_now);
                break;
            case Phase.Authentication when isOk:
                _phase = Phase.Commands;
                const Capabilities Compressed = Capabilities.Compress | Capabilities.ZstdCompress;
                if ((_queue.Answer.Capabilities & Compressed) != 0)
                {
                    Stop("it uses the compressed protocol");
                }

                break;
            case Phase.Commands when _queue.IsChangingUser && (isOk || isError):
                _queue.OnUserChanged(isOk);
                break;
            case Phase.Commands when !_queue.IsChangingUser:
                _queue.OnPacket(payload, length, _now);
                break;
        }
    }

    private void OnClientPacket(byte number, ReadOnlySpan<byte> payload, long length)
    {
        if (HasEnded || _isLost)
        {
            return;
        }

        if (_phase == Phase.Login)
        {
            OnLogin(payload);
        }
        else if (_phase == Phase.Commands && _queue.Answer.IsInFile)
        {
            if (length == 0)
            {
                _queue.Answer.EndInFile();
            }
        }
        else if (_phase == Phase.Commands && number == 0 && !payload.IsEmpty)
        {
            OnCommand(payload, length);
        }
    }

    private void OnLogin(ReadOnlySpan<byte> payload)
    {
        if (!LoginRequest.TryParse(payload, _greeting.Capabilities, out LoginRequest? login))
        {
            Stop("its login is of a protocol before 4.1");
        }
        else if (!login!.IsTlsRequest)
        {
            _phase = Phase.Authentication;
            _queue.User = login.User;
            _queue.Database = login.Database;
            Application = login.Program;
            _queue.Answer.Capabilities = login.Capabilities;
            _queue.Answer.CachesMetadata = login.CachesMetadata && _greeting.CachesMetadata;
        }
    }

    private void OnCommand(ReadOnlySpan<byte> payload, long length)
    {
        CommandCode code = (CommandCode)payload[0];
        ReadOnlySpan<byte> body = payload[1..];
        length--;
        if (code is CommandCode.BinlogDump or CommandCode.BinlogDumpGtid or CommandCode.TableDump)
        {
            Stop("it is a replica's: it reads the binary log");
            return;
        }

        if (code == CommandCode.Query && _queue.Answer.Capabilities.HasFlag(Capabilities.QueryAttributes))
        {
            int text = BoundParameters.SkipAttributes(body);
            body = body[text..];
            length -= text;
        }

        body = body[..Math.Min(body.Length, _limits.Payload)];
        if (!_queue.Add(new Command(code, _now) { Body = body.ToArray(), Length = length }))
        {
            LosePlace();
        }
    }
}
