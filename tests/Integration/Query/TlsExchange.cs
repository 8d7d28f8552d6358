namespace ECapture.Tests.Integration.Querying;

/// <summary>One download over TLS.</summary>
/// <param name="Marker">Name of the file and begin of its content.</param>
/// <param name="ClientPort">The client's port.</param>
/// <param name="NewestVersion">As Python's ssl names it.</param>
/// <param name="Process">Name that the events give to the client.</param>
/// <param name="Pid">Its process id in the events.</param>
internal sealed record TlsExchange(string Marker, ushort ClientPort, string NewestVersion, string Process, uint Pid);
