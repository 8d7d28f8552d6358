namespace ECapture.Benchmarks.Capture;

/// <summary>A server with a client that keeps it busy.</summary>
internal interface IWorkload : IAsyncDisposable
{
    /// <summary>Name of the workload.</summary>
    string Name { get; }

    /// <summary>What is counted: "requests", "transactions".</summary>
    string Unit { get; }

    /// <summary>The modes, without the one that does nothing; each says what it runs beside the workload.</summary>
    IReadOnlyList<CaptureMode> Modes { get; }

    /// <summary>Runs the client.</summary>
    /// <param name="seconds">For so long.</param>
    /// <param name="perSecond">Requests that it makes in a second; 0: as many as are answered.</param>
    /// <returns>How many requests it had answered, and in how many seconds.</returns>
    Task<(long Count, double Seconds)> LoadAsync(int seconds, int perSecond = 0);

    /// <summary>True for an event that is the capture of one request.</summary>
    bool IsCaptured(ECapture.Events.V1.Event e);
}

/// <summary>What runs beside a workload.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Agent">Arguments of <c>ecapture capture</c>; null: none.</param>
/// <param name="Floor">A bpftrace program; null: none.</param>
/// <param name="IsCounted">The workload's requests can be counted in what it captures.</param>
/// <param name="PerSecond">Requests that the client makes in a second; 0: as many as are answered.</param>
internal sealed record CaptureMode(string Name, string[]? Agent = null, string? Floor = null, bool IsCounted = false, int PerSecond = 0);
