using System.Globalization;

namespace ECapture.Tests.Chaos.World;

/// <summary>A feeder's process, and what it said: which events its log acknowledged, and how many it published before it drained.</summary>
internal sealed class FeederPart : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(Guid Run, string Topic), ulong> _acknowledged = [];
    private readonly TaskCompletionSource<(Guid Run, long Published)> _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Guid _run;

    public FeederPart(string name, string host, string directory, int rate, int seed, string? kafka, string folder, Action<string> tell)
    {
        Directory = directory;
        string[] arguments =
        [
            "feed", directory, host, rate.ToString(CultureInfo.InvariantCulture), seed.ToString(CultureInfo.InvariantCulture),
            .. kafka is null ? Array.Empty<string>() : [kafka],
        ];
        Part = new Part(name, Environment.ProcessPath!, arguments, folder, tell, OnLine);
    }

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

    public ValueTask DisposeAsync() => Part.DisposeAsync();

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
