using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ECapture.Events.V1;
using ECapture.Terminal;
using ECapture.Terminal.ECaptureQ;
using ECapture.Terminal.Text;
using ECapture.Tests.Support.Tls;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Terminal;

/// <summary>eCaptureQ's protocol, read by a client that knows nothing of this program but field numbers.</summary>
public sealed class QServerTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Client_Connects_GetsHeartbeatThenLogsThenEventsWithEveryField()
    {
        using QServer server = await StartAsync(new QServerOptions { Address = new Uri("ws://127.0.0.1:0/") });
        for (int i = 0; i < 200; i++)
        {
            server.Say($"line {i}");
        }

        using ClientWebSocket client = await ConnectAsync(server.Address);
        Dictionary<int, object> heartbeat = Fields(Assert.IsType<byte[]>((await ReadAsync(client))[3]));
        Assert.InRange((ulong)heartbeat[1], 1_700_000_000_000_000_000UL, 9_000_000_000_000_000_000UL);
        for (int i = 0; i < 129; i++)
        {
            Dictionary<int, object> log = await ReadAsync(client);
            Assert.Equal(1UL, log[1]);
            Assert.Equal($"line {i}", Encoding.UTF8.GetString((byte[])log[4]));
        }

        server.Write(Encode(Command()));
        Dictionary<int, object> entry = await ReadAsync(client);
        Assert.Equal(2UL, entry[1]);
        Dictionary<int, object> read = Fields((byte[])entry[2]);
        Assert.Equal(1_790_000_000_123_456_789UL, read[1]);
        Assert.Equal("00000000-0000-0000-0000-000000000007/bash/0/5", Text(read[2]));
        Assert.Equal("10.0.0.1", Text(read[3]));
        Assert.Equal(40000UL, read[4]);
        Assert.Equal("2001:db8::1", Text(read[5]));
        Assert.Equal(443UL, read[6]);
        Assert.Equal(77UL, read[7]);
        Assert.Equal("bash", Text(read[8]));
        Assert.Equal(6UL, read[9]);
        byte[] payload = (byte[])read[11];
        Assert.Equal((ulong)payload.Length, read[10]);
        Assert.EndsWith(" $ echo hi\n", Encoding.UTF8.GetString(payload), StringComparison.Ordinal);
        server.Complete();
    }

    [Fact]
    public async Task Client_ThatDoesNotRead_IsDroppedAndOthersGoOn()
    {
        List<string> said = [];
        using QServer server = await StartAsync(new QServerOptions { Address = new Uri("ws://127.0.0.1:0/"), MostQueuedBytes = 1 << 20 }, said.Add);
        using ClientWebSocket slow = await ConnectAsync(server.Address);
        using ClientWebSocket good = await ConnectAsync(server.Address);
        await ReadAsync(good);
        await WaitAsync(() => server.Clients == 2, "two clients");
        byte[] record = new byte[64 * 1024];
        for (int i = 0; i < 400; i++)
        {
            server.Write(record);
            await ReadBytesAsync(good);
        }

        await WaitAsync(() => server.Clients == 1, "the slow client is dropped");
        await WaitAsync(() => said.Count == 1, "the user is told");
        server.Write("last"u8);
        Assert.Equal("last"u8.ToArray(), await ReadBytesAsync(good));
        server.Complete();
    }

    [Theory]
    [InlineData("ws://0.0.0.0:0/", false, false)]
    [InlineData("wss://0.0.0.0:0/", true, false)]
    [InlineData("wss://127.0.0.1:0/", false, true)]
    [InlineData("http://127.0.0.1:0/", false, false)]
    public void Check_OpenToOthersWithoutTlsAndToken_IsRefused(string address, bool certificate, bool token)
    {
        using X509Certificate2? own = certificate ? Certificate() : null;
        QServerOptions options = new() { Address = new Uri(address), Certificate = own, Token = token ? "t" : null };
        Assert.Throws<FormatException>(options.Check);
    }

    [Fact]
    public async Task Client_OverTlsWithToken_OnlyTheRightOneGetsIn()
    {
        using X509Certificate2 certificate = Certificate();
        using QServer server = await StartAsync(new QServerOptions { Address = new Uri("wss://127.0.0.1:0/"), Certificate = certificate, Token = "s3cret" });
        foreach (string? wrong in (string?[])[null, "s3cre", "s3cret2", ""])
        {
            await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(server.Address, wrong, certificate));
        }

        using ClientWebSocket client = await ConnectAsync(server.Address, "s3cret", certificate);
        Assert.True((await ReadAsync(client)).ContainsKey(3));
        server.Complete();
    }

    [Fact]
    public async Task Client_PageInABrowser_IsRefusedWhereNoTokenIsAskedFor()
    {
        using QServer server = await StartAsync(new QServerOptions { Address = new Uri("ws://127.0.0.1:0/") });
        using ClientWebSocket page = new();
        page.Options.SetRequestHeader("Origin", "https://evil.example");
        await Assert.ThrowsAsync<WebSocketException>(() => page.ConnectAsync(server.Address, TestContext.Current.CancellationToken));
    }

    private static async Task<QServer> StartAsync(QServerOptions options, Action<string>? say = null)
    {
        QServer server = new(options, say ?? (_ => { }));
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    private static async Task<ClientWebSocket> ConnectAsync(Uri address, string? token = null, X509Certificate2? trusted = null)
    {
        ClientWebSocket client = new();
        if (token is not null)
        {
            client.Options.SetRequestHeader("Authorization", "Bearer " + token);
        }

        if (trusted is not null)
        {
            client.Options.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == trusted.GetCertHashString();
        }

        using CancellationTokenSource limit = new(s_patience);
        await client.ConnectAsync(address, limit.Token);
        return client;
    }

    private static async Task<byte[]> ReadBytesAsync(ClientWebSocket client)
    {
        using CancellationTokenSource limit = new(s_patience);
        using MemoryStream message = new();
        byte[] buffer = new byte[64 * 1024];
        ValueWebSocketReceiveResult result;
        do
        {
            result = await client.ReceiveAsync(buffer.AsMemory(), limit.Token);
            Assert.Equal(WebSocketMessageType.Binary, result.MessageType);
            message.Write(buffer, 0, result.Count);
        }
        while (!result.EndOfMessage);
        return message.ToArray();
    }

    private static async Task<Dictionary<int, object>> ReadAsync(ClientWebSocket client) => Fields(await ReadBytesAsync(client));

    private static Dictionary<int, object> Fields(byte[] message)
    {
        Dictionary<int, object> fields = [];
        CodedInputStream input = new(message);
        uint tag;
        while ((tag = input.ReadTag()) != 0)
        {
            fields[WireFormat.GetTagFieldNumber(tag)] = WireFormat.GetTagWireType(tag) == WireFormat.WireType.Varint
                ? input.ReadUInt64()
                : input.ReadBytes().ToByteArray();
        }

        return fields;
    }

    private static string Text(object field) => Encoding.UTF8.GetString((byte[])field);

    private static byte[] Encode(TerminalItem item)
    {
        System.Buffers.ArrayBufferWriter<byte> output = new();
        new LogEntryFormat(new TextFormat(new TextOptions(false, 0, false))).Write(item, output);
        return output.WrittenSpan.ToArray();
    }

    private static CommandItem Command() => new("bash", new Event
    {
        Run = ByteString.CopyFrom([.. new byte[15], 7]),
        Topic = "bash",
        Sequence = 5,
        WallNs = 1_790_000_000_123_456_789,
        Process = new Process { Pid = 77, Name = ByteString.CopyFromUtf8("bash") },
        Flow = new Flow
        {
            LocalAddress = ByteString.CopyFrom(10, 0, 0, 1),
            LocalPort = 40000,
            RemoteAddress = ByteString.CopyFrom(System.Net.IPAddress.Parse("2001:db8::1").GetAddressBytes()),
            RemotePort = 443,
        },
        ShellCommand = new ShellCommand { Kind = ShellCommand.Types.Kind.Line, Text = ByteString.CopyFromUtf8("echo hi") },
    });

    private static X509Certificate2 Certificate()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-q-");
        try
        {
            TestCertificate files = TestCertificate.Create(folder.FullName);
            return X509Certificate2.CreateFromPemFile(files.CertificatePath, files.KeyPath);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task WaitAsync(Func<bool> condition, string what)
    {
        long end = Environment.TickCount64 + (long)s_patience.TotalMilliseconds;
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(5));
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < end, $"not within {s_patience}: {what}");
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
