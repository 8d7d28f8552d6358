using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ECapture.Storage.Reading.Expressions;

namespace ECapture.Query.Callers;

/// <summary>
/// The tokens of a query service, in a file that its administrator writes and the service reads. A token is 256 random bits, shown once; its SHA-256 is kept: who
/// reads the file cannot use it. A changed file counts from the next request on.
/// </summary>
/// <param name="path">The file; without it there are no tokens.</param>
public sealed class TokenFile(string path)
{
    private const string Prefix = "ect_";
    private const int RandomBytes = 32;
    private const int MostBytes = 4 << 20;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private readonly Lock _lock = new();
    private IReadOnlyList<AccessToken> _tokens = [];
    private (DateTime Written, long Length) _read;

    /// <summary>The tokens, also those that count no more.</summary>
    /// <exception cref="TokenException">The file cannot be read.</exception>
    public IReadOnlyList<AccessToken> Read()
    {
        lock (_lock)
        {
            try
            {
                var file = new FileInfo(path);
                if (!file.Exists)
                {
                    _read = default;
                    return _tokens = [];
                }

                (DateTime, long) now = (file.LastWriteTimeUtc, file.Length);
                if (now != _read)
                {
                    _tokens = file.Length <= MostBytes
                        ? JsonSerializer.Deserialize<Document>(File.ReadAllBytes(path), s_json)?.Tokens ?? []
                        : throw new TokenException($"{path} is no list of tokens: it is longer than {MostBytes} bytes");
                    _read = now;
                }

                return _tokens;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
            {
                throw new TokenException($"the tokens in {path} cannot be read: {e.Message}", e);
            }
        }
    }

    /// <summary>The token of a text; null when nobody made it.</summary>
    /// <exception cref="TokenException">The file cannot be read.</exception>
    public AccessToken? Find(string text)
    {
        Span<byte> given = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), given);
        AccessToken? found = null;
        Span<byte> kept = stackalloc byte[SHA256.HashSizeInBytes];
        // Every token is compared to its end: how long it takes says nothing of how near a guess was.
        foreach (AccessToken token in Read())
        {
            bool isHash = token.Sha256.Length == 2 * kept.Length
                && Convert.FromHexString(token.Sha256, kept, out _, out _) == System.Buffers.OperationStatus.Done;
            if (isHash & CryptographicOperations.FixedTimeEquals(given, kept))
            {
                found = token;
            }
        }

        return found;
    }

    /// <summary>Makes a token.</summary>
    /// <param name="name">Whose it is; no other token that counts has it.</param>
    /// <param name="role">What its owner may see.</param>
    /// <param name="now">When it is made.</param>
    /// <param name="life">How long it counts.</param>
    /// <param name="filter">A filter expression that is added to whatever its owner asks for; null: none.</param>
    /// <returns>Its text: it is kept nowhere.</returns>
    /// <exception cref="TokenException">There is one of that name, or the filter is none, or the file cannot be written.</exception>
    public string Create(string name, Role role, DateTimeOffset now, TimeSpan life, string? filter)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > 64 || name == Caller.Local || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or '@')))
        {
            throw new TokenException($"'{name}' is no name of a token: 1 to 64 letters, digits and - _ . @, and not {Caller.Local}");
        }

        CheckFilter(filter);
        using FileStream alone = Alone();
        IReadOnlyList<AccessToken> tokens = Read();
        if (tokens.Any(t => t.Name == name && t.RefusedAt(now) is null))
        {
            throw new TokenException($"there is a token {name} already: revoke it first (`ecapture token revoke {name}`), or choose another name");
        }

        string text = Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(RandomBytes)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        Write([.. tokens, new AccessToken(name, role, hash, now, now + life, filter, null)]);
        return text;
    }

    /// <summary>Refuses a token from now on.</summary>
    /// <exception cref="TokenException">There is none that counts, or the file cannot be written.</exception>
    public void Revoke(string name, DateTimeOffset now)
    {
        using FileStream alone = Alone();
        IReadOnlyList<AccessToken> tokens = Read();
        if (!tokens.Any(t => t.Name == name && t.RefusedAt(now) is null))
        {
            throw new TokenException($"there is no token {name} that counts; `ecapture token list` shows all");
        }

        Write([.. tokens.Select(t => t.Name == name && t.RefusedAt(now) is null ? t with { Revoked = now } : t)]);
    }

    private static void CheckFilter(string? filter)
    {
        try
        {
            if (filter is not null)
            {
                FilterExpression.Parse(filter);
            }
        }
        catch (FilterSyntaxException e)
        {
            throw new TokenException($"the filter '{filter}' cannot be used: {e.Message}", e);
        }
    }

    // Between reading and writing nobody else may write: a revocation would be lost.
    private FileStream Alone()
    {
        string file = path + ".lock";
        try
        {
            return new FileStream(
                file, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenException($"{path} is not changed: another command may be at it ({e.Message}); run this again, as its owner", e);
        }
    }

    private void Write(IReadOnlyList<AccessToken> tokens)
    {
        const UnixFileMode OwnerAndGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        string part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            using (var file = new FileStream(part, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerAndGroup }))
            {
                JsonSerializer.Serialize(file, new Document(tokens), s_json);
                file.Flush(flushToDisk: true);
            }

            File.SetUnixFileMode(part, OwnerAndGroup); // whatever the umask says: the service's group reads it
            File.Move(part, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(part);
            throw new TokenException($"{path} cannot be written: {e.Message}; run this as its owner", e);
        }
    }

    private sealed record Document(IReadOnlyList<AccessToken> Tokens);
}
