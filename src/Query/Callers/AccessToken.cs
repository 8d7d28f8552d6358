namespace ECapture.Query.Callers;

/// <summary>What is kept of a token: not the token.</summary>
/// <param name="Name">Whose it is; written into the access record.</param>
/// <param name="Role">What its owner may see.</param>
/// <param name="Sha256">SHA-256 of the token's text, in hexadecimal digits.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Expires">From then on it is refused.</param>
/// <param name="Filter">A filter expression that is added to whatever its owner asks for; null: none.</param>
/// <param name="Revoked">When it was revoked; null: it was not.</param>
public sealed record AccessToken(
    string Name, Role Role, string Sha256, DateTimeOffset Created, DateTimeOffset Expires, string? Filter, DateTimeOffset? Revoked)
{
    /// <summary>Why it is refused now, or null.</summary>
    public string? RefusedAt(DateTimeOffset now) =>
        Revoked is not null ? "the token was revoked" : now >= Expires ? "the token has expired" : null;
}
