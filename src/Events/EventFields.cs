namespace ECapture.Events;

/// <summary>
/// What <see cref="EventReader"/> finds in an encoded event. Fields that are not there have the value that the generated class gives
/// them, 0 or empty; ranges refer to the event's bytes. Nothing is checked but the encoding: an address may have any length.
/// </summary>
public struct EventFields
{
    /// <summary>Agent run; 16 bytes in a well-made event.</summary>
    public ByteRange Run;

    /// <summary>Short topic name.</summary>
    public ByteRange Topic;

    /// <summary>Partition of the agent's local log.</summary>
    public uint Partition;

    /// <summary>Sequence in (run, topic, partition).</summary>
    public ulong Sequence;

    /// <summary>Version of the schema that the writer knew.</summary>
    public uint Schema;

    /// <summary>Tenant.</summary>
    public ByteRange Tenant;

    /// <summary>Host.</summary>
    public ByteRange Host;

    /// <summary>Kernel boot id; 16 bytes in a well-made event.</summary>
    public ByteRange Boot;

    /// <summary>CLOCK_BOOTTIME, nanoseconds.</summary>
    public ulong BootNs;

    /// <summary>Nanoseconds of the Unix epoch.</summary>
    public ulong WallNs;

    /// <summary>True when the event names a process.</summary>
    public bool HasProcess;

    /// <summary>Thread group id.</summary>
    public uint Pid;

    /// <summary>CLOCK_BOOTTIME at the process's start.</summary>
    public ulong ProcessStartNs;

    /// <summary>comm.</summary>
    public ByteRange ProcessName;

    /// <summary>User id; means something only with <see cref="HasProcess"/>.</summary>
    public uint Uid;

    /// <summary>Connection id, 0 unknown.</summary>
    public ulong Connection;

    /// <summary>True when the event names a flow.</summary>
    public bool HasFlow;

    /// <summary>4 or 16 bytes in a well-made flow.</summary>
    public ByteRange LocalAddress;

    /// <summary>Local port.</summary>
    public uint LocalPort;

    /// <summary>4 or 16 bytes in a well-made flow.</summary>
    public ByteRange RemoteAddress;

    /// <summary>Remote port.</summary>
    public uint RemotePort;

    /// <summary>IANA protocol number.</summary>
    public uint Protocol;

    /// <summary>Inode of the network namespace.</summary>
    public uint NetworkNamespace;

    /// <summary>Flow id.</summary>
    public ulong FlowId;

    /// <summary>The payload.</summary>
    public PayloadFields Payload;
}
