using ECapture.Capture.Bpf;

namespace ECapture.Capture.Publishing;

/// <summary>The envelope of an event as a module knows it; the publisher adds identity, host and wall clock.</summary>
public struct EventHeader
{
    /// <summary>CLOCK_BOOTTIME when it happened, nanoseconds.</summary>
    public ulong BootNs;

    /// <summary>Thread group id; 0: no process.</summary>
    public uint Pid;

    /// <summary>Thread id.</summary>
    public uint Tid;

    /// <summary>User id.</summary>
    public uint Uid;

    /// <summary>CLOCK_BOOTTIME at the start of the process, nanoseconds.</summary>
    public ulong ProcessStart;

    /// <summary>Name of the process, NUL-terminated.</summary>
    public Bytes16 Comm;

    /// <summary>Connection id of this agent run; 0: unknown.</summary>
    public ulong Connection;

    /// <summary>Addresses; <see cref="SocketTuple.HasAddresses"/> false: unknown.</summary>
    public SocketTuple Socket;

    /// <summary>Bytes that there were, when fewer were captured; 0: complete.</summary>
    public ulong OriginalLength;

    /// <summary>Takes time and process from a record.</summary>
    public static EventHeader From(in RecordHeader record) => new()
    {
        BootNs = record.BootNs,
        Pid = record.Pid,
        Tid = record.Tid,
        Uid = record.Uid,
        ProcessStart = record.ProcessStart,
        Comm = record.Comm,
    };
}
