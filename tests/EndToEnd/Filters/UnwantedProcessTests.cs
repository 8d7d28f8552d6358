using System.Globalization;
using ECapture.Capture;
using ECapture.Capture.Modules;
using ECapture.Events.V1;
using ECapture.Tests.EndToEnd.Tls;
using ECapture.Tests.Support.Capture;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Filters;

/// <summary>What the programs in the kernel do with a process that the agent does not want.</summary>
[Collection(CaptureCollection.Name)]
public sealed class UnwantedProcessTests
{
    [Fact]
    public async Task Plaintext_OfAProcessThatIsLeftOut_IsNotCopiedUntilItsTimeIsOver()
    {
        string marker = $"m{Guid.NewGuid():N}";
        await using NginxServer nginx = await NginxServer.StartAsync(http2: false);
        File.WriteAllText(Path.Combine(nginx.Files, "page"), "page");
        using ScriptProcess client = ScriptProcess.Python(TlsProgramTests.Client, [nginx.Port.ToString(CultureInfo.InvariantCulture), nginx.CertificatePath]);
        await client.ReadLineAsync(); // it is connected
        ContextModule context = new();
        await using CaptureSession session = await CaptureSession.StartAsync(
            new CaptureOptions { Modules = ["tls", context.Name] }, name => name == context.Name ? context : CaptureModules.Create(name));
        async Task<Event> AskAsync(string name)
        {
            client.WriteLine($"{marker}-{name}.");
            Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());
            return await session.WaitForAsync( // nginx is not left out
                e => e.Process?.Pid != client.Pid && e.TlsData?.Direction == Direction.Received && TlsStream.Contains(e, $"{marker}-{name}."), $"request {name} at nginx");
        }

        await AskAsync("known");
        Event known = await session.WaitForAsync(e => e.Process?.Pid == client.Pid && TlsStream.Contains(e, $"{marker}-known."), "the request at the client");
        void LeaveOut(ulong startNs, ulong untilNs) =>
            context.Context.SharedMaps["excluded_processes"].Set(client.Pid, new ExcludedProcess { ProcessStart = startNs, Until = untilNs });
        LeaveOut(known.Process.StartNs, ulong.MaxValue);
        await AskAsync("left-out");
        LeaveOut(known.Process.StartNs + 1, ulong.MaxValue);
        await AskAsync("another-process");
        LeaveOut(known.Process.StartNs, 1);
        await AskAsync("time-is-over");
        LeaveOut(0, 0);
        await AskAsync("own");

        IReadOnlyList<Event> events = await session.StopAsync();
        string[] seen = [.. new[] { "known", "left-out", "another-process", "time-is-over", "own" }.Where(
            n => events.Any(e => e.Process?.Pid == client.Pid && e.TlsData?.Direction == Direction.Sent && TlsStream.Contains(e, $"{marker}-{n}.")))];
        Assert.Equal(["known", "another-process", "time-is-over"], seen);
    }
}
