using System.Globalization;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.EndToEnd.Terminal;

/// <summary>Filters of the command line and of a watched file, on real programs.</summary>
[Collection(CaptureCollection.Name)]
public sealed class FilterTests
{
    private readonly string _marker = $"m{Guid.NewGuid():N}";

    [Fact]
    public async Task Text_ProgramPortAndCgroup_OnlyWhatAllOfThemAllow()
    {
        await using NginxServer nginx = await NginxServer.StartAsync();
        await using NginxServer other = await NginxServer.StartAsync();
        await using TerminalRun run = await TerminalRun.StartAsync(
            "tls", "--exe", "/usr/bin/curl,nginx", "--ignore", "nginx", "--cgroup", "/sys/fs/cgroup/", "--port", nginx.Port.ToString(CultureInfo.InvariantCulture));

        await CurlClient.RunAsync(nginx.CertificatePath, "--no-fail", "-o", "/dev/null", $"{other.Url}/{_marker}-elsewhere", "-k");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-filter-");
        try
        {
            string copy = Path.Combine(folder.FullName, "kurl"); // another program file, with the same library
            File.Copy("/usr/bin/curl", copy);
            await TlsClient.RunAsync(copy, [], "-sS", "-k", "-o", "/dev/null", $"{nginx.Url}/{_marker}-copy");
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        await CurlClient.RunAsync(nginx.CertificatePath, "--no-fail", "-o", "/dev/null", $"{nginx.Url}/{_marker}-here");

        await run.WaitForBlockAsync($"> GET /{_marker}-here ", "curl[");
        Assert.Equal(0, await run.StopAsync());
        Assert.Single(run.Blocks, b => b.Contains(_marker, StringComparison.Ordinal));
        Assert.All(run.Blocks, b => Assert.Contains(" curl[", b, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Settings_FileEditedWhileTrafficFlows_HoldsFromThereOnAndAWrongEditDoesNot()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ecapture-settings-");
        try
        {
            string file = Path.Combine(folder.FullName, "settings.json");
            await File.WriteAllTextAsync(file, "{\"filters\":{\"ignore_process\":[\"nginx\"]}}", TestContext.Current.CancellationToken);
            await using NginxServer nginx = await NginxServer.StartAsync();
            await using TerminalRun run = await TerminalRun.StartAsync("tls", "--settings", file);
            await GetAsync(nginx, "one");
            await run.WaitForBlockAsync($"> GET /{_marker}-one ", "curl[");

            await File.WriteAllTextAsync(file, "{\n\"filters\":{\n\"ignored_process\":[\"curl\"]}}", TestContext.Current.CancellationToken);
            await run.WaitUntilAsync(() => run.Errors.Contains($"{file} line 3: unknown field filters.ignored_process; did you mean filters.ignore_process?", StringComparison.Ordinal), "the refusal");
            await GetAsync(nginx, "two");
            await run.WaitForBlockAsync($"> GET /{_marker}-two ", "curl[");

            await File.WriteAllTextAsync(file, "{\"filters\":{\"ignore_process\":[\"curl\"]}}", TestContext.Current.CancellationToken);
            await run.WaitUntilAsync(() => run.Errors.Contains("\"ignore_process\":[\"curl\"]", StringComparison.Ordinal), "the change");
            await GetAsync(nginx, "three");
            await run.WaitForBlockAsync($"< GET /{_marker}-three ", "nginx[");
            Assert.Equal(0, await run.StopAsync());
            Assert.DoesNotContain($"< GET /{_marker}-two ", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain($"> GET /{_marker}-three ", run.Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private Task<CurlRun> GetAsync(NginxServer nginx, string name) =>
        CurlClient.RunAsync(nginx.CertificatePath, "--no-fail", "-o", "/dev/null", $"{nginx.Url}/{_marker}-{name}");
}
