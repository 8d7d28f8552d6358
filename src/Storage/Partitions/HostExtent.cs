namespace ECapture.Storage.Partitions;

/// <summary>When a host's matching rows happened.</summary>
/// <param name="Host">The host.</param>
/// <param name="First">Nanoseconds of the Unix epoch of the first,</param>
/// <param name="Last">and of the last one.</param>
public readonly record struct HostExtent(string Host, long First, long Last);
