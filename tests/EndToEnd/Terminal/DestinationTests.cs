using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text.Json;
using Google.Protobuf;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary>What is captured, at every kind of destination at once.</summary>
[Collection(CaptureCollection.Name)]
public sealed class DestinationTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Command_ToTcpFileAndECaptureQ_ArrivesEverywhere()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string marker = $"m{Guid.NewGuid():N}";
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-destinations-");
        using TcpListener receiver = new(IPAddress.Loopback, 0);
        receiver.Start();
        try
        {
            Task<string> received = ReadAsync(receiver, cancellation);
            string log = Path.Combine(folder.FullName, "messages.log");
            await using TerminalRun run = await TerminalRun.StartAsync(
                "bash", "--eventaddr", $"tcp://127.0.0.1:{((IPEndPoint)receiver.LocalEndpoint).Port}", "--eventformat", "json", "-l", log, "--ecaptureq", "ws://127.0.0.1:0/");
            string address = run.Errors.Split("eCaptureQ's clients connect to ")[1].Split('\n')[0];
            using ClientWebSocket client = new();
            await client.ConnectAsync(new Uri(address), cancellation);
            Task<string> shown = WaitForAsync(client, marker);

            using (Process script = Process.Start("bash", ["-c", $"/bin/echo {marker} > /dev/null; exit 0"]))
            {
                await script.WaitForExitAsync(cancellation);
            }

            Assert.Contains($"exec /bin/echo {marker}", await shown.WaitAsync(s_patience, cancellation), StringComparison.Ordinal);
            await run.WaitForOutputAsync($"exec /bin/echo {marker}\n");
            Assert.Equal(0, await run.StopAsync());
            string[] lines = (await received.WaitAsync(s_patience, cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Contains(lines, l => JsonDocument.Parse(l).RootElement.GetProperty("data").TryGetProperty("text", out JsonElement text) && text.GetString() == $"/bin/echo {marker}");
            Assert.True(File.Exists(log));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> ReadAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync(cancellationToken);
        using StreamReader reader = new(client.GetStream());
        return await reader.ReadToEndAsync(cancellationToken);
    }

    // LogEntry: 2 is an event, whose field 11 is the payload.
    private static async Task<string> WaitForAsync(ClientWebSocket client, string marker)
    {
        byte[] buffer = new byte[1 << 20];
        while (true)
        {
            int length = 0;
            ValueWebSocketReceiveResult result;
            do
            {
                result = await client.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                length += result.Count;
            }
            while (!result.EndOfMessage);

            CodedInputStream entry = new(buffer, 0, length);
            uint tag;
            while ((tag = entry.ReadTag()) != 0)
            {
                if (WireFormat.GetTagFieldNumber(tag) != 2)
                {
                    entry.SkipLastField();
                    continue;
                }

                string text = entry.ReadBytes().ToStringUtf8();
                if (text.Contains(marker, StringComparison.Ordinal))
                {
                    return text;
                }
            }
        }
    }
}
