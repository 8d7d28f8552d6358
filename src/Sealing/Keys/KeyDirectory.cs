using System.Globalization;

namespace ECapture.Sealing.Keys;

/// <summary>
/// A folder of keys: <c>recipients.pem</c> says for whom secrets are sealed, <c>ID.key</c> is a private key, <c>ID.backup</c> says when it was
/// backed up. Only its owner may write into it: who adds a recipient reads everything from then on.
/// </summary>
/// <param name="path">The folder; it is made when the first key is.</param>
/// <param name="handOver">Gives a private key that was just written to the user who opens secrets; it is called before the file gets its name.</param>
public sealed class KeyDirectory(string path, Action<string>? handOver = null) : IPrivateKeys, IDisposable
{
    private const string PrivateEnding = ".key";
    private const string BackupEnding = ".backup";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Everyone = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, RecipientKeyPair> _found = new(StringComparer.Ordinal);

    /// <summary>The file of public keys.</summary>
    public string RecipientsFile { get; } = Path.Combine(path, "recipients.pem");

    /// <summary>True when an agent can seal for somebody.</summary>
    public bool HasRecipients => File.Exists(RecipientsFile);

    /// <inheritdoc/>
    /// <exception cref="SealingException">The key is here but cannot be used.</exception>
    public RecipientKeyPair? Find(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        lock (_lock)
        {
            if (_found.TryGetValue(id, out RecipientKeyPair? known))
            {
                return known;
            }

            // The id comes out of an event: it names a file only when it is an id.
            string file = FileOf(id);
            if (!IsId(id) || !File.Exists(file))
            {
                return null;
            }

            RecipientKeyPair key = Read(file, id);
            _found.Add(id, key);
            return key;
        }
    }

    /// <summary>The private keys, oldest first.</summary>
    /// <exception cref="SealingException">The folder cannot be read.</exception>
    public IReadOnlyList<KeyEntry> List()
    {
        try
        {
            HashSet<string> recipients = [];
            if (HasRecipients)
            {
                foreach (RecipientKey recipient in RecipientFile.Read(RecipientsFile))
                {
                    recipients.Add(recipient.Id);
                    recipient.Dispose();
                }
            }

            return !Directory.Exists(path) ? [] :
            [
                .. Directory.EnumerateFiles(path, "*" + PrivateEnding)
                    .Select(f => (Id: Path.GetFileNameWithoutExtension(f), Made: File.GetLastWriteTimeUtc(f)))
                    .Where(f => IsId(f.Id))
                    .OrderBy(f => f.Made)
                    .Select(f => new KeyEntry(f.Id, f.Made, recipients.Contains(f.Id), BackupOf(f.Id))),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SealingException($"the keys in {path} cannot be seen: {e.Message}; run this as root or as the user who owns them", e);
        }
    }

    /// <summary>Keeps a private key. The same key again changes nothing.</summary>
    /// <returns>False when it was here already.</returns>
    /// <exception cref="SealingException">It cannot be written.</exception>
    public bool Add(RecipientKeyPair key)
    {
        ArgumentNullException.ThrowIfNull(key);
        string file = FileOf(key.Id);
        if (File.Exists(file))
        {
            Read(file, key.Id).Dispose();
            return false;
        }

        Write(file, key.ExportPem(), OwnerOnly, handOver);
        return true;
    }

    /// <summary>
    /// Seals for a key from now on, and no longer for the others whose private keys are here; recipients whose private keys are elsewhere stay.
    /// </summary>
    /// <exception cref="SealingException">The recipients cannot be written.</exception>
    public void SealTo(RecipientKeyPair key)
    {
        ArgumentNullException.ThrowIfNull(key);
        using RecipientKey added = key.PublicKey();
        List<RecipientKey> others = [];
        if (HasRecipients)
        {
            others.AddRange(RecipientFile.Read(RecipientsFile));
        }

        string text = string.Concat(others.Where(o => o.Id != key.Id && !File.Exists(FileOf(o.Id))).Prepend(added).Select(k => k.ExportPem()));
        others.ForEach(o => o.Dispose());
        Write(RecipientsFile, text, Everyone, null);
    }

    /// <summary>Notes that a key is in a backup.</summary>
    /// <exception cref="SealingException">The note cannot be written.</exception>
    public void NoteBackup(string id, DateTimeOffset time) =>
        Write(Path.Combine(path, id + BackupEnding), time.ToString("O", CultureInfo.InvariantCulture) + "\n", OwnerOnly, handOver);

    /// <summary>Deletes a private key: what is sealed for it alone is lost.</summary>
    /// <exception cref="SealingException">It is not here, or still sealed for.</exception>
    public void Remove(string id)
    {
        KeyEntry entry = List().FirstOrDefault(k => k.Id == id) ?? throw new SealingException($"there is no key {id} in {path}; `ecapture key list` shows those that are");
        if (entry.IsRecipient)
        {
            throw new SealingException($"secrets are sealed to {id} now: `ecapture key rotate` first");
        }

        File.Delete(FileOf(id));
        File.Delete(Path.Combine(path, id + BackupEnding));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (RecipientKeyPair key in _found.Values)
            {
                key.Dispose();
            }

            _found.Clear();
        }
    }

    /// <summary>True for 16 lower hexadecimal digits.</summary>
    public static bool IsId(string text) =>
        text is { Length: RecipientKey.IdLength } && text.All(c => char.IsAsciiHexDigitLower(c));

    private string FileOf(string id) => Path.Combine(path, id + PrivateEnding);

    private DateTimeOffset? BackupOf(string id)
    {
        string file = Path.Combine(path, id + BackupEnding);
        return File.Exists(file) ? File.GetLastWriteTimeUtc(file) : null;
    }

    private static RecipientKeyPair Read(string file, string id)
    {
        IReadOnlyList<RecipientKeyPair> keys = PrivateKeyFile.Read(file);
        RecipientKeyPair? key = keys.FirstOrDefault(k => k.Id == id);
        foreach (RecipientKeyPair other in keys.Where(k => k != key))
        {
            other.Dispose();
        }

        return key ?? throw new SealingException($"{file} holds the key {keys[0].Id}, not the one that it is named after: somebody renamed or replaced it");
    }

    // Whole or not at all, and never through a link that somebody put there.
    private void Write(string file, string text, UnixFileMode mode, Action<string>? ready)
    {
        string part = $"{file}.{Guid.NewGuid():N}.part";
        try
        {
            if (!Directory.Exists(path))
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            using (var stream = new FileStream(part, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
            {
                stream.Write(System.Text.Encoding.ASCII.GetBytes(text));
                stream.Flush(flushToDisk: true);
            }

            File.SetUnixFileMode(part, mode);
            ready?.Invoke(part);
            File.Move(part, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(part);
            throw new SealingException($"{file} cannot be written: {e.Message}", e);
        }
    }
}
