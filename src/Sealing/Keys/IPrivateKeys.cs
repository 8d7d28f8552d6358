namespace ECapture.Sealing.Keys;

/// <summary>The private keys that somebody has.</summary>
public interface IPrivateKeys
{
    /// <summary>The key pair of an id, or null. It stays its owner's. May be called from several threads.</summary>
    RecipientKeyPair? Find(string id);
}
