using ECapture.Capture.Bpf;
using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Tls;

/// <summary>A library with probes on it.</summary>
internal sealed class AttachedLibrary(
    LibraryFile file, uint index, string buildId, KeyLogFunction? keyLog, int probes, IReadOnlyList<BpfLink> links) : IDisposable
{
    /// <summary>The file.</summary>
    internal LibraryFile File { get; } = file;

    /// <summary>The cookie of its probes: index into the map <c>libraries</c>.</summary>
    internal uint Index { get; } = index;

    /// <summary>In hexadecimal; empty: none.</summary>
    internal string BuildId { get; } = buildId;

    /// <summary>What files of the same build have in common.</summary>
    internal string Build { get; } = buildId.Length > 0 ? buildId : file.Path;

    /// <summary>How long the first process that used it had run before the probes stood, nanoseconds; 0: they stood before.</summary>
    internal ulong WindowNs { get; set; }

    /// <summary>Null when its secrets are not captured.</summary>
    internal KeyLogFunction? KeyLog { get; } = keyLog;

    /// <summary>Probes on it.</summary>
    internal int Probes { get; } = probes;

    /// <summary>The label at a distance from the key-log function; null: none.</summary>
    internal string? LabelAt(ulong distance) => KeyLog?.Labels.GetValueOrDefault(unchecked(KeyLog.Address + distance));

    /// <summary>Detaches.</summary>
    public void Dispose()
    {
        foreach (BpfLink link in links)
        {
            link.Dispose();
        }
    }
}
