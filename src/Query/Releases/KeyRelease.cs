namespace ECapture.Query.Releases;

/// <summary>A request for TLS secrets that two keyholders have to agree on.</summary>
/// <param name="Id">16 hexadecimal digits.</param>
/// <param name="Actor">Who asks.</param>
/// <param name="Query">What for: the request's parameters, word for word.</param>
/// <param name="Reason">Why.</param>
/// <param name="Asked">When.</param>
/// <param name="Expires">It waits, or counts, until then.</param>
/// <param name="State">What became of it.</param>
/// <param name="By">Who decided; null: nobody yet.</param>
public sealed record KeyRelease(
    string Id, string Actor, string Query, string Reason, DateTimeOffset Asked, DateTimeOffset Expires, ReleaseState State, string? By);
