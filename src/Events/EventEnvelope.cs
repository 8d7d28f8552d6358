namespace ECapture.Events;

/// <summary>What an event's envelope says of one event, ready to be encoded. Zero and empty mean absent, as in proto3.</summary>
public ref struct EventEnvelope
{
    /// <summary>CLOCK_BOOTTIME, nanoseconds.</summary>
    public ulong BootNs;

    /// <summary>Nanoseconds of the Unix epoch.</summary>
    public ulong WallNs;

    /// <summary>Thread group id; 0: no process.</summary>
    public uint Pid;

    /// <summary>Thread id.</summary>
    public uint Tid;

    /// <summary>User id.</summary>
    public uint Uid;

    /// <summary>CLOCK_BOOTTIME at the start of the process, nanoseconds.</summary>
    public ulong ProcessStart;

    /// <summary>Name of the process, without NUL.</summary>
    public ReadOnlySpan<byte> ProcessName;

    /// <summary>Connection id; 0: unknown.</summary>
    public ulong Connection;

    /// <summary>An encoded <c>Flow</c> (<see cref="EventEncoder.EncodeFlow"/>); empty: unknown.</summary>
    public ReadOnlySpan<byte> Flow;

    /// <summary>Length before the event was cut.</summary>
    public ulong CutFrom;

    /// <summary>SHA-256 of what was received before it was cut; empty when it was received cut.</summary>
    public ReadOnlySpan<byte> CutSha256;

    /// <summary>HMAC-SHA-256 instead of <see cref="CutSha256"/> where something was redacted.</summary>
    public ReadOnlySpan<byte> CutHmac;

    /// <summary>An encoded <c>Redaction</c> (<see cref="EventEncoder.EncodeRedaction"/>); empty: nothing was redacted.</summary>
    public ReadOnlySpan<byte> Redaction;

    /// <summary>True when it was cut.</summary>
    public bool IsCut;
}
