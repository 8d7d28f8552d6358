namespace ECapture.Capture.Modules;

/// <summary>
/// What became of each time that a module's probes were hit for something to record, since the start. The unit is a record: a call's bytes are one, or one for each 16 KiB of them (without rows and
/// the data of COPY, which never leave the kernel); a secret, a
/// frame, a command, the end of a session are one each. Once nothing runs any more, <c>Hits = Lost + Unread + Published + Merged + Rejected</c>.
/// </summary>
/// <param name="Hits">Counted in the kernel, before anything could go wrong.</param>
/// <param name="Lost">Not sent by the kernel: ring full, no scratch slot, ...</param>
/// <param name="Unread">In the ring when the agent stopped, and not read.</param>
/// <param name="Published">Became an event, and perhaps a second one that ties it to others.</param>
/// <param name="Merged">Became part of another record's event (a statement has several), was a repetition, or nothing that is published.</param>
/// <param name="Rejected">Could not be used by the agent.</param>
/// <param name="Excluded">Hits of processes that are left out; not among <paramref name="Hits"/>.</param>
/// <param name="Missed">Times that the kernel did not run a program, because it ran on that processor already; nobody knows what they would have been.</param>
public sealed record ProbeCounts(ulong Hits, ulong Lost, ulong Unread, ulong Published, ulong Merged, ulong Rejected, ulong Excluded, ulong Missed)
{
    /// <summary>Hits that are accounted for.</summary>
    public ulong Accounted => Lost + Unread + Published + Merged + Rejected;
}
