namespace ECapture.Sink;

/// <summary>The sink cannot go on. The message says what happened, to what, and what to do next.</summary>
public sealed class SinkException(string message) : Exception(message);
