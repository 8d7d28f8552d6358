using ECapture.Sealing.Keys;

namespace ECapture.Tests.Unit.Sealing;

/// <summary>Private keys in memory.</summary>
internal sealed class KeyBox(params RecipientKeyPair[] pairs) : IPrivateKeys
{
    public RecipientKeyPair? Find(string id) => pairs.FirstOrDefault(p => p.Id == id);
}
