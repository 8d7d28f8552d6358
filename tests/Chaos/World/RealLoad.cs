using System.Diagnostics;
using ECapture.Tests.Support.Tls;

namespace ECapture.Tests.Chaos.World;

/// <summary>What a real agent has to capture: curl asks nginx over TLS, and shells start programs, again and again.</summary>
internal sealed class RealLoad : IAsyncDisposable
{
    private readonly NginxServer _nginx;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;

    private RealLoad(NginxServer nginx)
    {
        _nginx = nginx;
        _work = Task.Run(WorkAsync);
    }

    public static async Task<RealLoad> StartAsync()
    {
        NginxServer nginx = await NginxServer.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(nginx.Files, "page"), new string('x', 2000));
        return new RealLoad(nginx);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        await _nginx.DisposeAsync();
        _stop.Dispose();
    }

    private async Task WorkAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            string url = $"{_nginx.Url}/page";
            using Process shell = Process.Start(new ProcessStartInfo(
                "bash", ["-c", $"for i in 1 2 3 4 5; do curl -sk '{url}?'$i {url} {url} -o /dev/null -o /dev/null -o /dev/null; /bin/true; done"])
            { RedirectStandardOutput = true })!;
            await shell.WaitForExitAsync();
        }
    }
}
