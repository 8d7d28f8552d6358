namespace ECapture.Capture.Symbols;

/// <summary>An exported function whose code tells where a connection object, its first argument, holds a field.</summary>
/// <param name="Function">Its symbol.</param>
/// <param name="GivesAddress">It hands out the field's address; else it copies the field.</param>
public sealed record FieldAccessor(string Function, bool GivesAddress)
{
    /// <summary>OpenSSL's accessor of the client random.</summary>
    public static FieldAccessor OpenSslClientRandom { get; } = new("SSL_get_client_random", GivesAddress: false);
}
