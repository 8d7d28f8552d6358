namespace ECapture.Sink.DeadLetters;

/// <summary>What became of a dead letter that was tried again.</summary>
/// <param name="IsResolved">True when its event is in its table, once.</param>
/// <param name="Text">What happened, for the user.</param>
internal sealed record RetryOutcome(bool IsResolved, string Text);
