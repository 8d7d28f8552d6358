namespace ECapture.Storage.Reading;

/// <summary>Order of a search.</summary>
public enum EventOrder
{
    /// <summary>Newest first.</summary>
    Newest,

    /// <summary>Oldest first.</summary>
    Oldest,
}
