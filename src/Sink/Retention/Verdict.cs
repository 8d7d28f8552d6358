namespace ECapture.Sink.Retention;

/// <summary>What is to become of a partition.</summary>
public enum Verdict
{
    /// <summary>No rule wants it to go.</summary>
    Keep,

    /// <summary>A rule wants it to go, and nothing stands against it.</summary>
    Drop,

    /// <summary>A rule wants it to go; a legal hold keeps it.</summary>
    Held,

    /// <summary>A rule wants it to go, but packets or plaintext that its secrets may open are kept.</summary>
    KeptForPayload,

    /// <summary>The size rule would take it, but its time is not over: it is still written to.</summary>
    Open,
}
