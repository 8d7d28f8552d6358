namespace ECapture.Capture.Modules;

/// <summary>A file or an interface that a module is attached to.</summary>
/// <param name="Path">As people know it.</param>
/// <param name="AccessPath">Where this process can read it, through /proc when it is of another mount namespace; empty: no file.</param>
/// <param name="Attached">What is attached, in a few words.</param>
/// <param name="WindowNs">
/// How long the first process that used it had run before the probes stood, nanoseconds: what it did then is not captured. 0: they stood before (or the run began with it).
/// </param>
public sealed record ModuleTarget(string Path, string AccessPath, string Attached, ulong WindowNs = 0);
