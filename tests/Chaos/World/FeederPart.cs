using System.Globalization;
using ECapture.Tests.Support.Cli;

namespace ECapture.Tests.Chaos.World;

/// <summary>A feeder's process, and what it said: which events its log acknowledged, and how many it published before it drained.</summary>
internal sealed class FeederPart : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(Guid Run, string Topic), ulong> _acknowledged = [];
    private readonly TaskCompletionSource<(Guid Run, long Published)> _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Guid _run;

    private FeederPart(string name, string program, string[] arguments, string directory, Part? forwarder, string folder, Action<string> tell)
    {
        Directory = directory;
        Part = new Part(name, program, arguments, folder, tell, forwarder is null ? OnLine : null);
        Forwarder = forwarder;
    }

    /// <summary>An agent without probes that counts what it publishes.</summary>
    public static FeederPart Feeder(string name, string host, string directory, int rate, int seed, int hoursBehind, string? kafka, string folder, Action<string> tell) => new(
        name,
        Environment.ProcessPath!,
        [
            "feed", directory, host, rate.ToString(CultureInfo.InvariantCulture), seed.ToString(CultureInfo.InvariantCulture), hoursBehind.ToString(CultureInfo.InvariantCulture),
            .. kafka is null ? Array.Empty<string>() : [kafka],
        ],
        directory,
        null,
        folder,
        tell);

    /// <summary>The real agent. When it has ended, its forwarder goes on until the log is empty.</summary>
    public static FeederPart Agent(string name, string host, string directory, string kafka, string folder, Action<string> tell) => new(
        name,
        Ecapture.Path,
        ["capture", "--data", Path.GetDirectoryName(directory)!, "--log", kafka, "--host-name", host, "--modules", "tls,bash", "--seal-to", "none"],
        directory,
        new Part(name + "-forward", Environment.ProcessPath!, ["forward", directory, host, kafka], folder, tell),
        folder,
        tell);

    /// <summary>Null for a feeder, which forwards until it ends.</summary>
    public Part? Forwarder { get; }

    public Part Part { get; }

    /// <summary>Its local log.</summary>
    public string Directory { get; }

    /// <summary>The run that drained, and how many events it had published.</summary>
    public Task<(Guid Run, long Published)> Drained => _drained.Task;

    /// <summary>The last sequence of each stream whose append had returned.</summary>
    public Dictionary<(Guid Run, string Topic), ulong> Acknowledged()
    {
        lock (_gate)
        {
            return new Dictionary<(Guid Run, string Topic), ulong>(_acknowledged);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Part.DisposeAsync();
        await (Forwarder?.DisposeAsync() ?? default);
    }

    private void OnLine(string line)
    {
        if (!line.EndsWith(" .", StringComparison.Ordinal))
        {
            return; // cut by a kill
        }

        string[] words = line.Split(' ');
        lock (_gate)
        {
            switch (words[0])
            {
                case "run":
                    _run = Guid.Parse(words[1]);
                    break;
                case "acked":
                    Part.Works();
                    _acknowledged[(_run, words[1])] = ulong.Parse(words[2], CultureInfo.InvariantCulture);
                    break;
                case "drained":
                    _drained.TrySetResult((_run, long.Parse(words[1], CultureInfo.InvariantCulture)));
                    break;
            }
        }
    }
}
