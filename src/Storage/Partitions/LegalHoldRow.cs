namespace ECapture.Storage.Partitions;

/// <summary>A legal hold as the store keeps it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Rises with every change.</param>
/// <param name="Document">JSON.</param>
public sealed record LegalHoldRow(string Name, long Version, string Document);
