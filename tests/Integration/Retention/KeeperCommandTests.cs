using System.Globalization;
using System.Text.Json;
using ECapture.Events;
using ECapture.Storage;
using ECapture.Tests.Integration.Storage;
using ECapture.Tests.Support.Cli;

namespace ECapture.Tests.Integration.Retention;

/// <summary>`ecapture retention`, `hold`, `archive` on a store that no service owns.</summary>
public sealed class KeeperCommandTests(StoresFixture stores) : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("ecapture-keeper-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public async Task Commands_RemoteStore_HoldKeepsArchiveComesBackAndAllIsOnRecord()
    {
        StoreAddress address = await stores.CreateDatabaseAsync(StoreKind.Postgres, Cancel);
        await using KeptStore kept = await KeptStore.OpenAsync(address);
        DateTimeOffset old = DateTimeOffset.UtcNow.Date.AddDays(-6).AddHours(3);
        kept.Append(Topics.Bash, old, 25, host: "h1");
        kept.Append(Topics.Bash, old.AddDays(-1), 15, host: "h2");
        await kept.SinkAsync();
        List<string> before = await kept.RowsAsync(Topics.Bash);
        string policy = Path.Combine(_data.FullName, "policy.json");
        await File.WriteAllTextAsync(policy, """{ "modules": { "bash": { "retention": { "age": "2d" }, "archive": true } } }""", Cancel);

        Outcome added = await RunAsync(address, policy, "hold", "add", "--name", "case-7", "--reason", "court", "--host", "h1", "--until", "1h");
        Outcome run = await RunAsync(address, policy, "retention", "run");
        Outcome shown = await RunAsync(address, policy, "retention", "show");
        Outcome list = await RunAsync(address, policy, "archive", "list");

        Assert.True(added.ExitCode == 0, added.Errors);
        Assert.Contains("it keeps 1 partition", added.Output, StringComparison.Ordinal);
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Contains("1 partition dropped", run.Output, StringComparison.Ordinal);
        Assert.Contains("held by case-7", shown.Output, StringComparison.Ordinal);
        Assert.Equal(25, (await kept.RowsAsync(Topics.Bash)).Count);
        string archive = list.Output.Split(' ')[0];
        Outcome restored = await RunAsync(address, policy, "archive", "restore", archive);
        Outcome record = await Ecapture.RunAsync("events", "--store", address.Text, "--data", _data.FullName, "--module", "control", "--format", "ndjson");
        Assert.True(restored.ExitCode == 0, restored.Errors);
        Assert.Contains("15 events brought back", restored.Output, StringComparison.Ordinal);
        Assert.Equal(before.Order(StringComparer.Ordinal), (await kept.RowsAsync(Topics.Bash)).Order(StringComparer.Ordinal));
        Assert.All(
            (string[])["hold.add", "archive.export", "retention.drop", "archive.restore"],
            action => Assert.Contains(action, record.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Commands_StoreCapacityIsGiven_WhatTheDatabaseDoesNotTakeOfItIsFree()
    {
        const long Capacity = 1L << 30;
        StoreAddress address = await stores.CreateDatabaseAsync(StoreKind.Postgres, Cancel);
        await using KeptStore kept = await KeptStore.OpenAsync(address);
        kept.Append(Topics.Bash, DateTimeOffset.UtcNow.Date.AddDays(-6), 25);
        await kept.SinkAsync();
        string policy = Path.Combine(_data.FullName, "policy.json");
        await File.WriteAllTextAsync(policy, """{ "storage": { "minimum_free": "1GiB" } }""", Cancel);
        string[] capacity = ["--store-capacity", Capacity.ToString(CultureInfo.InvariantCulture)];

        Outcome shown = await RunAsync(address, policy, ["retention", "show", "--json", .. capacity]);
        Outcome dry = await RunAsync(address, policy, ["retention", "run", "--dry-run", .. capacity]);
        Outcome large = await RunAsync(address, policy, "retention", "run", "--dry-run", "--store-capacity", "1099511627776");

        Assert.True(shown.ExitCode == 0, shown.Errors);
        JsonElement[] lines = [.. shown.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(Capacity, lines[^1].GetProperty("total").GetInt64());
        long size = long.Parse((await kept.QueryAsync("", "SELECT pg_database_size(current_database())::text"))[0], CultureInfo.InvariantCulture);
        Assert.InRange(Capacity - lines[^1].GetProperty("free").GetInt64(), size / 2, size * 2);
        Assert.All(lines[..^1], line => Assert.True(line.GetProperty("rows_are_an_estimate").GetBoolean()));
        Assert.Matches(@"would drop bash/\d{8}: about \d+ rows?,", dry.Output);
        Assert.Contains("0 partitions would be dropped", large.Output, StringComparison.Ordinal);
        Assert.Equal(25, (await kept.RowsAsync(Topics.Bash)).Count);
    }

    private Task<Outcome> RunAsync(StoreAddress address, string policy, params string[] words) =>
        Ecapture.RunAsync([.. words, "--store", address.Text, "--data", _data.FullName, "--policy", policy]);
}
