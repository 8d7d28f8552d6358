namespace ECapture.Sink.Delivery;

/// <summary>Values of <c>dead_letter.kind</c>.</summary>
public static class DeadLetterKind
{
    /// <summary>No encoded event.</summary>
    public const string Undecodable = "undecodable";

    /// <summary>An event that lacks what a row must have.</summary>
    public const string Invalid = "invalid";

    /// <summary>More bytes than the sink takes.</summary>
    public const string TooLarge = "too_large";

    /// <summary>The store refused the row.</summary>
    public const string Refused = "refused";
}
