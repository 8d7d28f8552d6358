namespace ECapture.Tests.Chaos.Faults;

/// <summary>What is done to a part.</summary>
internal enum FaultKind
{
    /// <summary>kill -9, and started again after the hold.</summary>
    Kill,

    /// <summary>SIGSTOP, and SIGCONT after the hold: a zombie when the hold is longer than its session.</summary>
    Freeze,

    /// <summary>Told to end, and started again after the hold: a rebalance without an accident.</summary>
    Leave,

    /// <summary>An extra sink joins its group, and after the hold it leaves again.</summary>
    Join,

    /// <summary>An extra sink joins its group, and after the hold it is killed.</summary>
    JoinAndKill,

    /// <summary>Connections are reset, new ones too, for the hold.</summary>
    Cut,

    /// <summary>Connections stay and nothing passes, for the hold.</summary>
    Stall,

    /// <summary>Everything is late, for the hold.</summary>
    Slow,

    /// <summary>
    /// A sink's broker is cut off for the hold, its store stalled until shortly before: what it had sent to the store arrives when others own its partitions.
    /// </summary>
    Isolate,

    /// <summary>The disk is full, for the hold.</summary>
    DiskFull,

    /// <summary>The engine is killed between keeping a token and committing its part: the part is gone, its token is there.</summary>
    Tear,

    /// <summary>`ecapture sink rebuild` of a table while events of its partitions arrive; its sinks are killed in the middle and come back when it has ended.</summary>
    Rebuild,

    /// <summary>The agent's wall clock is stepped.</summary>
    ClockStep,
}
