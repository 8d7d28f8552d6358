using ECapture.Cli.Supervision;

namespace ECapture.Tests.Unit.Cli;

public sealed class ServiceFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ecapture-service-");

    private string Written => Path.Combine(_folder.FullName, "service.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void ReadLive_ProcessRuns_IsTheFile()
    {
        Write(Environment.ProcessId);

        Assert.Equal(Environment.ProcessId, ServiceFile.ReadLive(Written)?.Pid);
    }

    [Fact]
    public void ReadLive_IdBelongsToAnotherProcessNow_IsNull()
    {
        Write(Environment.ProcessId);
        const int Init = 1;
        File.WriteAllText(Written, File.ReadAllText(Written).Replace($"\"pid\": {Environment.ProcessId}", $"\"pid\": {Init}", StringComparison.Ordinal));

        Assert.Contains("\"pid\": 1,", File.ReadAllText(Written), StringComparison.Ordinal);
        Assert.Null(ServiceFile.ReadLive(Written));
    }

    private void Write(int pid) => new ServiceFile(pid, DateTimeOffset.UnixEpoch, null, []).Write(Written);
}
