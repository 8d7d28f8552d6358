namespace ECapture.Storage.Reading;

/// <summary>A process as an event names it.</summary>
/// <param name="Pid">0 when unknown.</param>
/// <param name="Start">Nanoseconds of the boot clock; 0 when unknown.</param>
/// <param name="Uid">4294967295 when unknown.</param>
/// <param name="Name">comm; bytes that are not UTF-8 became U+FFFD.</param>
/// <param name="ClockOffset">Wall clock minus boot clock of the event, in nanoseconds.</param>
public sealed record ProcessFact(uint Pid, ulong Start, uint Uid, string Name, long ClockOffset);
