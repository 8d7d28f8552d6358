using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log;
using ECapture.Log.Local;
using ECapture.Tests.Support;
using ECapture.Tests.Support.Cli;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Integration.Cli;

/// <summary>The commands on a store, through a service that owns it, and without one.</summary>
public sealed class StoreCommandTests : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("ecapture-commands-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public async Task Commands_ServiceOwnsTheStore_ItDoesTheWorkAndLaterTheCommandItself()
    {
        CheckpointedRun run = CheckpointedRun.Make(seed: 81, rounds: 2, eventsPerRound: 20, Topics.Bash);
        await using (LocalLogWriter writer = LocalLog.OpenWriter(Path.Combine(_data.FullName, "log"), new LocalLogOptions()))
        {
            await writer.AppendAsync([.. run.Entries, new LogEntry(new TopicPartition(Topics.Bash, 0), default, new byte[] { 0xFF, 0x00, 0x41 })], Cancel);
        }

        _data.CreateSubdirectory("run");
        _data.CreateSubdirectory("store");
        int port = FreePort.Next();
        await using (EcaptureService service = EcaptureService.Start("service", "--data", _data.FullName, "--listen", $"http://127.0.0.1:{port}"))
        {
            await service.WaitForAsync($"http://127.0.0.1:{port}/health/live", TimeSpan.FromSeconds(60), Cancel);
            await WaitForLetterAsync();
            using HttpClient http = new();
            using HttpResponseMessage refused = await http.PostAsync(new Uri($"http://127.0.0.1:{port}/admin/v1/dlq-list"), null, Cancel);
            Assert.Equal(System.Net.HttpStatusCode.Forbidden, refused.StatusCode); // without the key of the service's file
            await CheckAsync();
            await CheckRecordAsync("ann");
        }

        await CheckAsync();
        await CheckRecordAsync("bob");
    }

    [Fact]
    public async Task TokenCreate_WithoutServiceOrStoreHere_IsInTheJournalThatTheNextServiceDelivers()
    {
        string journal = _data.CreateSubdirectory("journal").FullName;
        Outcome created = await RunAsync("token", "create", "ann", "--role", "viewer", "--expires", "2d");

        Assert.True(created.ExitCode == 0, created.Errors);
        await using LocalLogConsumer consumer = LocalLog.OpenConsumer(Path.Combine(journal, "command"), "test", [Topics.Control]);
        Control? control = null;
        while (control is null)
        {
            Delivery delivery = await consumer.ReceiveAsync(TimeSpan.FromSeconds(60), Cancel);
            Assert.True(delivery.Kind != DeliveryKind.None, "nothing is in the journal");
            if (delivery.Kind == DeliveryKind.Assigned)
            {
                consumer.Seek(delivery.Partition, -1);
            }

            foreach (LogRecord record in delivery.Records.Span)
            {
                control = Event.Parser.ParseFrom(record.Value.Span).Control;
            }
        }

        Assert.Equal(("token.create", "ann", "role viewer, for 2d", Environment.UserName), (control.Action, control.Subject, control.Detail, control.Actor));
    }

    // What is done to tokens and keys is found like everything else.
    private async Task CheckRecordAsync(string name)
    {
        Outcome created = await RunAsync("token", "create", name, "--role", "analyst", "--filter", "pid == 1");
        Assert.True(created.ExitCode == 0, created.Errors);
        Outcome revoked = await RunAsync("token", "revoke", name);
        Assert.True(revoked.ExitCode == 0, revoked.Errors);
        Outcome key = await RunAsync("key", name == "ann" ? "new" : "rotate");
        Assert.True(key.ExitCode == 0, key.Errors);
        string id = key.Output.Split(' ')[1];
        string filter = $"subject in (\"{name}\", \"{id}\")";
        string[] expected = ["token.create " + name, "token.revoke " + name, (name == "ann" ? "key.new " : "key.rotate ") + id];
        for (int i = 0; ; i++)
        {
            Outcome found = await RunAsync("events", "--module", "control", "--filter", filter, "--order", "oldest", "--format", "ndjson");
            string[] entries =
            [
                .. found.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => System.Text.Json.JsonDocument.Parse(l).RootElement.GetProperty("data"))
                    .Select(d => $"{d.GetProperty("action").GetString()} {d.GetProperty("subject").GetString()}"),
            ];
            if (entries.SequenceEqual(expected))
            {
                return;
            }

            Assert.True(i < 600, $"the record holds {string.Join(", ", entries)}; {found.Errors}");
            await Task.Delay(100, Cancel);
        }
    }

    private async Task CheckAsync()
    {
        Outcome list = await RunAsync("dlq", "list");
        Assert.Equal(0, list.ExitCode);
        Assert.Contains("undecodable, 3 bytes: not an encoded event", list.Output, StringComparison.Ordinal);
        string id = list.Output.Split('\n')[0].Split("  ")[1];
        string file = Path.Combine(_data.FullName, "record.bin");
        Outcome show = await RunAsync("dlq", "show", id, "-o", file);
        Assert.True(show.ExitCode == 0, show.Errors);
        Assert.Equal([0xFF, 0x00, 0x41], await File.ReadAllBytesAsync(file, Cancel));
        Outcome retry = await RunAsync("dlq", "retry", id);
        Assert.Equal(1, retry.ExitCode);
        Assert.Contains("still bad", retry.Output, StringComparison.Ordinal);
        Outcome verify = await RunAsync("verify");
        Assert.True(verify.ExitCode == 0, verify.Output + verify.Errors);
        Assert.Contains("bash/0: 40 events, 40 verified", verify.Output, StringComparison.Ordinal);
        Outcome reconcile = await RunAsync("reconcile", "--module", "bash");
        Assert.True(reconcile.ExitCode == 0, reconcile.Output + reconcile.Errors);
        Assert.Contains("41 offsets", reconcile.Output, StringComparison.Ordinal);
        Outcome unknown = await RunAsync("dlq", "show", "bash/0/9999");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("there is no dead letter bash/0/9999", Assert.Single(unknown.ErrorLines), StringComparison.Ordinal);
    }

    private async Task WaitForLetterAsync()
    {
        for (int i = 0; ; i++)
        {
            Outcome list = await RunAsync("dlq", "list", "--json");
            Outcome verify = await RunAsync("verify");
            if (list.Output.Contains("undecodable", StringComparison.Ordinal) && verify.Output.Contains("bash/0: 40 events, 40 verified", StringComparison.Ordinal))
            {
                return;
            }

            Assert.True(i < 60, $"nothing was stored: {list.Output}{list.Errors}{verify.Output}{verify.Errors}");
            await Task.Delay(200, Cancel);
        }
    }

    private Task<Outcome> RunAsync(params string[] arguments) => Ecapture.RunAsync([.. arguments, "--data", _data.FullName]);
}
