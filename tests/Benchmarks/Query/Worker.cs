using System.Diagnostics;
using System.Globalization;

namespace ECapture.Benchmarks.Query;

/// <summary>The other end of <see cref="QueryWorker"/>.</summary>
internal sealed class Worker : IAsyncDisposable
{
    private readonly Process _process;

    private Worker(Process process) => _process = process;

    public static async Task<Worker> StartAsync(string store, string output)
    {
        Process process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [QueryWorker.Name, store, output])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        return await process.StandardOutput.ReadLineAsync() == "ready"
            ? new Worker(process)
            : throw new InvalidOperationException("the worker did not start");
    }

    public async Task<Run> RunAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        string line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the worker ended");
        string[] parts = line.Split(' ');
        return new Run(
            double.Parse(parts[0], CultureInfo.InvariantCulture), double.Parse(parts[1], CultureInfo.InvariantCulture),
            long.Parse(parts[2], CultureInfo.InvariantCulture), long.Parse(parts[3], CultureInfo.InvariantCulture),
            long.Parse(parts[4], CultureInfo.InvariantCulture), double.Parse(parts[5], CultureInfo.InvariantCulture), string.Join(' ', parts[6..]));
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
