namespace ECapture.Tests.Support.Sink;

/// <summary>A wall clock that stands where it is put; waiting takes real time.</summary>
public sealed class SetClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
