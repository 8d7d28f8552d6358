namespace ECapture.Sealing.Keys;

/// <summary>A private key of a <see cref="KeyDirectory"/>.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Made">When its file was written.</param>
/// <param name="IsRecipient">New secrets are sealed to it.</param>
/// <param name="BackedUp">When it was last backed up; null: never.</param>
public sealed record KeyEntry(string Id, DateTimeOffset Made, bool IsRecipient, DateTimeOffset? BackedUp);
