namespace ECapture.Terminal;

/// <summary>A setting that may change while events pass. It is changed between two events, by <see cref="EventReceiver.Change"/>.</summary>
/// <param name="value">What holds at first.</param>
internal sealed class Live<T>(T value)
    where T : class
{
    /// <summary>What holds now.</summary>
    internal T Current { get; set; } = value;
}
