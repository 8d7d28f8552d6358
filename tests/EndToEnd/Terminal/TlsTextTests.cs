using System.IO.Compression;
using System.Text.Json;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary><c>ecapture tls</c> on real curl and nginx.</summary>
[Collection(CaptureCollection.Name)]
public sealed class TlsTextTests
{
    [Fact]
    public async Task Text_CurlAndNginx_OneBlockForEachSideOfEachExchange()
    {
        await using NginxServer nginx = await NginxServer.StartAsync();
        string marker = "m" + Guid.NewGuid().ToString("N");
        File.WriteAllText(Path.Combine(nginx.Files, marker), $"body of {marker}\nsecond line\n");
        File.WriteAllBytes(Path.Combine(nginx.Files, marker + ".bin"), [0x00, 0xff, .. "binary-body"u8, 0x1b]);
        await using TerminalRun run = await TerminalRun.StartAsync("tls");

        await CurlClient.RunAsync(nginx.CertificatePath, "--http1.1", $"{nginx.Url}/{marker}?one");
        await CurlClient.RunAsync(nginx.CertificatePath, "--http2", $"{nginx.Url}/{marker}?two");
        await CurlClient.RunAsync(nginx.CertificatePath, $"{nginx.Ipv6Url}/{marker}.bin?three");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => CurlClient.RunAsync(nginx.CertificatePath, $"{nginx.Url}/{marker}?concurrent{i}")));

        string client1 = await run.WaitForBlockAsync($"> GET /{marker}?one HTTP/1.1", "curl[");
        Assert.Contains($"\n< HTTP/1.1 200 OK\n", client1, StringComparison.Ordinal);
        Assert.Contains($"\n< body of {marker}\n< second line", client1, StringComparison.Ordinal);
        Assert.Contains($" - 127.0.0.1:{nginx.Port} HTTP/1.1 ", client1, StringComparison.Ordinal);
        string server2 = await run.WaitForBlockAsync($"< GET /{marker}?two HTTP/2", "nginx[");
        Assert.Contains($"\n< host: 127.0.0.1:{nginx.Port}\n", server2, StringComparison.Ordinal);
        Assert.Contains($"\n> HTTP/2 200\n", server2, StringComparison.Ordinal);
        Assert.Contains($"\n> body of {marker}", server2, StringComparison.Ordinal);
        string client3 = await run.WaitForBlockAsync($"GET /{marker}.bin?three", "curl[");
        Assert.Contains("00 ff 62 69 6e 61 72 79  2d 62 6f 64 79 1b", client3, StringComparison.Ordinal);
        Assert.Contains("|..binary-body.|", client3, StringComparison.Ordinal);
        Assert.Contains($" - [::1]:{nginx.Port} ", client3, StringComparison.Ordinal);
        for (int i = 0; i < 8; i++)
        {
            await run.WaitForBlockAsync($"> GET /{marker}?concurrent{i} ", "curl[", $"body of {marker}");
            await run.WaitForBlockAsync($"< GET /{marker}?concurrent{i} ", "nginx[", $"body of {marker}");
        }

        Assert.Equal(0, await run.StopAsync("TERM"));
        Assert.Single(run.Blocks, b => b.Contains($"> GET /{marker}?one ", StringComparison.Ordinal));
        Assert.DoesNotContain('\u001b', run.Output); // no terminal, no colours
    }

    [Fact]
    public async Task Text_PidHexAndTruncation_OnlyThatProcessCutWithAMark()
    {
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        string marker = "m" + Guid.NewGuid().ToString("N");
        File.WriteAllText(Path.Combine(nginx.Files, marker), new string('x', 1234));
        string worker = File.ReadAllText($"/proc/{nginx.Id}/task/{nginx.Id}/children").Trim();
        await using TerminalRun run = await TerminalRun.StartAsync("openssl", "-p", worker, "--hex", "-t", "20");
        string[] links = [.. run.LinkInfo().Where(l => l.Contains("probe_multi\n", StringComparison.Ordinal))];
        Assert.NotEmpty(links);
        Assert.All(links, l => Assert.Contains($"\npid:\t{worker}\n", l, StringComparison.Ordinal)); // nobody else traps

        await CurlClient.RunAsync(nginx.CertificatePath, "--compressed", $"{nginx.Url}/{marker}?cut");

        string block = await run.WaitForBlockAsync($"< GET /{marker}?cut HTTP/1.1", $"nginx[{worker}]");
        Assert.Contains("> 00000000  78 78 78 78 78 78 78 78  78 78 78 78 78 78 78 78  |xxxxxxxxxxxxxxxx|\n> 00000010  78 78 78 78 ", block, StringComparison.Ordinal);
        Assert.Contains("> [cut: 20 of 1234 bytes are shown]", block, StringComparison.Ordinal);
        Assert.Equal(0, await run.StopAsync());
        Assert.All(run.Blocks, b => Assert.Contains($" nginx[{worker}] ", b, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Json_UserAndGzip_ALinePerExchangeOfThatUser()
    {
        await using NginxServer nginx = await NginxServer.StartAsync();
        string marker = "m" + Guid.NewGuid().ToString("N");
        string text = string.Concat(Enumerable.Repeat($"{marker} compressed ", 100));
        File.WriteAllBytes(Path.Combine(nginx.Files, marker + ".gz"), Gzip(text));
        await using TerminalRun run = await TerminalRun.StartAsync("tls", "--json", "-u", "65534");

        // As root, then as nobody: only the second is shown.
        string[] arguments = ["-sS", "-k", "-o", "/dev/null", $"{nginx.Url}/{marker}.gz"];
        await TlsClient.RunAsync("/usr/bin/curl", [], [.. arguments[..^1], arguments[^1] + "?root"]);
        await TlsClient.RunAsync("/usr/bin/setpriv", [], ["--reuid", "65534", "--clear-groups", "--", "curl", .. arguments[..^1], arguments[^1] + "?nobody"]);

        await run.WaitForOutputAsync($"{marker}.gz?nobody");
        Assert.Equal(0, await run.StopAsync());
        JsonElement[] lines = [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
        JsonElement line = Assert.Single(lines, l => l.GetRawText().Contains(marker, StringComparison.Ordinal));
        Assert.Equal("http", line.GetProperty("type").GetString());
        Assert.Equal("client", line.GetProperty("role").GetString());
        Assert.Equal(65534, line.GetProperty("process").GetProperty("uid").GetInt32());
        Assert.Equal($"/{marker}.gz?nobody", line.GetProperty("request").GetProperty("target").GetString());
        Assert.Equal(200, line.GetProperty("response").GetProperty("status").GetInt32());
        Assert.All(lines, l => Assert.Equal(65534, l.GetProperty("process").GetProperty("uid").GetInt32()));
    }

    [Fact]
    public async Task Listen_ChangesWhileTrafficFlows_NoExchangeIsLostOrDoubled()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using NginxServer nginx = await NginxServer.StartAsync();
        string marker = "m" + Guid.NewGuid().ToString("N");
        File.WriteAllText(Path.Combine(nginx.Files, marker), new string('y', 300));
        await using TerminalRun run = await TerminalRun.StartAsync("tls", "--listen", "127.0.0.1:0", "--listen-open");
        Uri address = new(run.Errors.Split("the configuration is changed at ")[1].Split('\n')[0]);

        // 20 requests, and as many changes of what does not filter them as fit beside them.
        Task<int> changes = Task.Run(
            async () =>
            {
                using HttpClient http = new();
                int done = 0;
                for (; done < 60; done++)
                {
                    string body = done % 3 == 0 ? "{\"pid\":\"wrong\"}" : $"{{\"truncate_size\":{200 + done},\"filters\":{{\"ignore_process\":[\"nobody{done}\"]}}}}";
                    using HttpResponseMessage answer = await http.PostAsync(address, new StringContent(body), cancellation);
                    Assert.Equal(done % 3 == 0 ? System.Net.HttpStatusCode.BadRequest : System.Net.HttpStatusCode.OK, answer.StatusCode);
                }

                return done;
            },
            cancellation);
        for (int i = 0; i < 20; i++)
        {
            await CurlClient.RunAsync(nginx.CertificatePath, $"{nginx.Url}/{marker}?n={i}.");
        }

        Assert.Equal(60, await changes);
        for (int i = 0; i < 20; i++)
        {
            await run.WaitForBlockAsync($"> GET /{marker}?n={i}. ", "curl[");
        }

        // The last change holds, and capture goes on: curl is left out now.
        using (HttpClient http = new())
        {
            using HttpResponseMessage answer = await http.PostAsync(address, new StringContent("{\"truncate_size\":7,\"filters\":{\"ignore_process\":[\"curl\"]}}"), cancellation);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(cancellation));
        }

        await CurlClient.RunAsync(nginx.CertificatePath, $"{nginx.Url}/{marker}?last");
        string last = await run.WaitForBlockAsync($"< GET /{marker}?last ", "nginx[");
        Assert.Contains("[cut: 7 of 300 bytes are shown]", last, StringComparison.Ordinal);
        Assert.Equal(0, await run.StopAsync());
        Assert.All(Enumerable.Range(0, 20), i => Assert.Single(run.Blocks, b => b.Contains($"> GET /{marker}?n={i}. ", StringComparison.Ordinal)));
        Assert.DoesNotContain(run.Blocks, b => b.Contains($"> GET /{marker}?last ", StringComparison.Ordinal));
    }

    private static byte[] Gzip(string text)
    {
        using MemoryStream output = new();
        using (GZipStream gzip = new(output, CompressionLevel.Optimal))
        {
            gzip.Write(System.Text.Encoding.UTF8.GetBytes(text));
        }

        return output.ToArray();
    }
}
