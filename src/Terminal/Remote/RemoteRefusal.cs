namespace ECapture.Terminal.Remote;

/// <summary>A request or a change that is refused.</summary>
/// <param name="code">Its code.</param>
/// <param name="message">Why, with the name of the field.</param>
/// <param name="name">The field that is wrong, as it stands in the text; null: it is not a matter of a field.</param>
internal sealed class RemoteRefusal(RemoteCode code, string message, string? name = null) : Exception(message)
{
    /// <summary>Its code.</summary>
    internal RemoteCode Code => code;

    /// <summary>The field that is wrong; null: none.</summary>
    internal string? Field => name;

    /// <summary>Line of the text where it is no JSON, from 1; 0: not known.</summary>
    internal long Line { get; init; }
}
