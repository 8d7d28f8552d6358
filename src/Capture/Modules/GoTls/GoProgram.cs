using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.GoTls;

/// <summary>A Go program with probes on it.</summary>
internal sealed class GoProgram(FileIdentity identity, string path, int probes, IReadOnlyList<BpfLink> links) : IDisposable
{
    /// <summary>The file.</summary>
    internal FileIdentity Identity { get; } = identity;

    /// <summary>Path as people know it.</summary>
    internal string Path { get; } = path;

    /// <summary>Probes on it.</summary>
    internal int Probes { get; } = probes;

    /// <summary>How long the first process that ran it had run before the probes stood, nanoseconds; 0: they stood before.</summary>
    internal ulong WindowNs { get; set; }

    /// <summary>Detaches.</summary>
    public void Dispose()
    {
        foreach (BpfLink link in links)
        {
            link.Dispose();
        }
    }
}
