namespace ECapture.Storage.Partitions;

/// <summary>The volume that a store writes to.</summary>
/// <param name="Free">Bytes that the store may still use.</param>
/// <param name="Total">Bytes of the volume.</param>
/// <param name="Where">How it is known, for people: a path, a disk's name, an option.</param>
public sealed record StoreSpace(long Free, long Total, string Where);
