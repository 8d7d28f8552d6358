namespace ECapture.Sealing.Keys;

/// <summary>The private keys of files that were named, and of a folder.</summary>
public sealed class PrivateKeys : IPrivateKeys, IDisposable
{
    private readonly Dictionary<string, RecipientKeyPair> _named = new(StringComparer.Ordinal);
    private readonly KeyDirectory _folder;

    /// <summary>Reads the files that were named; the folder is looked into when a key is asked for, so that one that comes later is found.</summary>
    /// <exception cref="SealingException">A file cannot be used.</exception>
    public PrivateKeys(KeyDirectory folder, IEnumerable<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        _folder = folder;
        try
        {
            foreach (RecipientKeyPair key in files.SelectMany(f => PrivateKeyFile.Read(f)))
            {
                if (!_named.TryAdd(key.Id, key))
                {
                    key.Dispose();
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public RecipientKeyPair? Find(string id) => _named.TryGetValue(id, out RecipientKeyPair? key) ? key : _folder.Find(id);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RecipientKeyPair key in _named.Values)
        {
            key.Dispose();
        }

        _folder.Dispose();
    }
}
