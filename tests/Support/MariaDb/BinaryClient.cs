using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace ECapture.Tests.Support.MariaDb;

/// <summary>A client of the binary protocol, as small as can be: prepares, sends long data, executes, closes.</summary>
public sealed class BinaryClient : IAsyncDisposable
{
    private const uint ConnectWithDatabase = 1 << 3;
    private const uint Protocol41 = 1 << 9;
    private const uint SecureConnection = 1 << 15;
    private const uint MultiResults = 3 << 16;
    private const uint PluginAuthentication = 1 << 19;
    private const uint DeprecateEof = 1 << 24;

    private readonly IDisposable _connection;
    private readonly Stream _input;
    private readonly Stream _output;
    private readonly bool _deprecatesEof;
    private byte _number;

    private BinaryClient(IDisposable connection, Stream input, Stream output, bool deprecatesEof)
    {
        _connection = connection;
        _input = input;
        _output = output;
        _deprecatesEof = deprecatesEof;
    }

    /// <summary>Logs in as <see cref="MariaDbServer.UserWithoutPassword"/>, through a program of its own: the sessions of the agent's process are left out.</summary>
    public static Task<BinaryClient> ConnectAsync(int port, bool deprecatesEof)
    {
        Process relay = Process.Start(new ProcessStartInfo("nc", ["127.0.0.1", $"{port}"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        return LogInAsync(new BinaryClient(relay, relay.StandardOutput.BaseStream, relay.StandardInput.BaseStream, deprecatesEof));
    }

    /// <summary>Logs in from this process.</summary>
    public static async Task<BinaryClient> ConnectFromHereAsync(int port)
    {
        TcpClient tcp = new();
        await tcp.ConnectAsync("127.0.0.1", port);
        tcp.NoDelay = true;
        return await LogInAsync(new BinaryClient(tcp, tcp.GetStream(), tcp.GetStream(), deprecatesEof: true));
    }

    private static async Task<BinaryClient> LogInAsync(BinaryClient client)
    {
        bool deprecatesEof = client._deprecatesEof;
        await client.ReadAsync();
        uint capabilities = ConnectWithDatabase | Protocol41 | SecureConnection | MultiResults | PluginAuthentication | (deprecatesEof ? DeprecateEof : 0);
        byte[] login =
        [
            .. Number(capabilities), .. Number(1 << 24), 45, .. new byte[23], .. Encoding.ASCII.GetBytes(MariaDbServer.UserWithoutPassword), 0, 0,
            .. Encoding.ASCII.GetBytes(MariaDbServer.Database), 0, .. "mysql_native_password\0"u8,
        ];
        await client.WriteAsync(login);
        byte[] answer = await client.ReadAsync();
        return answer[0] == 0 ? client : throw new InvalidOperationException($"login: {Encoding.UTF8.GetString(answer)}");
    }

    /// <returns>The statement's number; the error's, negative.</returns>
    public async Task<long> PrepareAsync(string sql)
    {
        await CommandAsync(0x16, Encoding.UTF8.GetBytes(sql));
        byte[] answer = await ReadAsync();
        if (answer[0] == 0xff)
        {
            return -BinaryPrimitives.ReadUInt16LittleEndian(answer.AsSpan(1));
        }

        int columns = BinaryPrimitives.ReadUInt16LittleEndian(answer.AsSpan(5));
        int parameters = BinaryPrimitives.ReadUInt16LittleEndian(answer.AsSpan(7));
        int ending = _deprecatesEof ? 0 : 1;
        int more = (columns > 0 ? columns + ending : 0) + (parameters > 0 ? parameters + ending : 0);
        for (int i = 0; i < more; i++)
        {
            await ReadAsync();
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(1));
    }

    public Task SendLongDataAsync(long statement, ushort parameter, ReadOnlySpan<byte> data) =>
        CommandAsync(0x18, [.. Number((uint)statement), (byte)parameter, (byte)(parameter >> 8), .. data]);

    public Task CloseAsync(long statement) => CommandAsync(0x19, Number((uint)statement));

    /// <summary>Executes; the answer is read to its end.</summary>
    /// <param name="statement">From <see cref="PrepareAsync"/>.</param>
    /// <param name="bound">Null bitmap, the flag, types and values: what the protocol wants behind the header.</param>
    /// <returns>The number of an error; 0: none.</returns>
    public async Task<int> ExecuteAsync(long statement, byte[] bound)
    {
        await CommandAsync(0x17, [.. Number((uint)statement), 0, 1, 0, 0, 0, .. bound]);
        return await ReadAnswerAsync();
    }

    public async Task<int> QueryAsync(string sql)
    {
        await CommandAsync(0x03, Encoding.UTF8.GetBytes(sql));
        return await ReadAnswerAsync();
    }

    /// <summary>COM_CHANGE_USER to the same user with another database.</summary>
    public async Task<int> ChangeDatabaseAsync(string database)
    {
        await CommandAsync(0x11, [.. Encoding.ASCII.GetBytes(MariaDbServer.UserWithoutPassword), 0, 0, .. Encoding.ASCII.GetBytes(database), 0, 45, 0, .. "mysql_native_password\0"u8]);
        byte[] answer = await ReadAsync();
        if (answer[0] == 0xfe)
        {
            await WriteAsync([]); // asked to authenticate once more: no password
            answer = await ReadAsync();
        }

        return answer[0] == 0 ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(answer.AsSpan(1));
    }

    public async ValueTask DisposeAsync()
    {
        await CommandAsync(0x01, []);
        if (_connection is Process relay)
        {
            _output.Close();
            await relay.WaitForExitAsync();
        }

        _connection.Dispose();
    }

    private static byte[] Number(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    private async Task<int> ReadAnswerAsync()
    {
        byte[] first = await ReadAsync();
        if (first[0] is 0 or 0xfe)
        {
            return 0;
        }

        if (first[0] == 0xff)
        {
            return BinaryPrimitives.ReadUInt16LittleEndian(first.AsSpan(1));
        }

        for (int i = 0; i < first[0] + (_deprecatesEof ? 0 : 1); i++)
        {
            await ReadAsync();
        }

        while (true)
        {
            byte[] row = await ReadAsync();
            if (row[0] is 0xff or 0xfe)
            {
                return row[0] == 0xff ? BinaryPrimitives.ReadUInt16LittleEndian(row.AsSpan(1)) : 0;
            }
        }
    }

    private Task CommandAsync(byte code, byte[] body)
    {
        _number = 0;
        return WriteAsync([code, .. body]);
    }

    private async Task WriteAsync(byte[] payload)
    {
        byte[] packet = [(byte)payload.Length, (byte)(payload.Length >> 8), (byte)(payload.Length >> 16), _number++, .. payload];
        await _output.WriteAsync(packet);
        await _output.FlushAsync();
    }

    private async Task<byte[]> ReadAsync()
    {
        byte[] header = new byte[4];
        await _input.ReadExactlyAsync(header);
        byte[] payload = new byte[header[0] | (header[1] << 8) | (header[2] << 16)];
        await _input.ReadExactlyAsync(payload);
        _number = (byte)(header[3] + 1);
        return payload;
    }
}
