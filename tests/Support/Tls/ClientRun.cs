namespace ECapture.Tests.Support.Tls;

/// <summary>What a TLS client did.</summary>
/// <param name="Pid">Its process.</param>
/// <param name="Output">What it printed.</param>
/// <param name="KeyLog">The lines of its own key log, sorted.</param>
/// <param name="Elapsed">How long it lived.</param>
public sealed record ClientRun(uint Pid, byte[] Output, IReadOnlyList<string> KeyLog, TimeSpan Elapsed);
