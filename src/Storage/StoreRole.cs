namespace ECapture.Storage;

/// <summary>What a store is opened for.</summary>
public enum StoreRole
{
    /// <summary>Reads: the tables must be there, in a version that this program knows.</summary>
    Reader,

    /// <summary>Writes: migrations that are missing are applied.</summary>
    Writer,
}
