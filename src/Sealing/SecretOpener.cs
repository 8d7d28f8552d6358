using System.Security.Cryptography;
using ECapture.Events.V1;
using ECapture.Sealing.Hpke;
using ECapture.Sealing.Keys;

namespace ECapture.Sealing;

/// <summary>Opens sealed TLS secrets with the private keys that are here. Data keys are kept for as long as it lives, a few thousand at most. Not thread-safe.</summary>
/// <param name="keys">The private keys.</param>
public sealed class SecretOpener(IPrivateKeys keys) : IDisposable
{
    private const int MostDataKeys = 4096;

    private readonly Dictionary<string, byte[]> _dataKeys = new(StringComparer.Ordinal);

    /// <summary>Opens a secret.</summary>
    /// <param name="run">The event's run.</param>
    /// <param name="host">The event's host.</param>
    /// <param name="secret">The event's payload; its <c>sealed</c> is set.</param>
    /// <param name="opened">The secret, or nothing.</param>
    public OpenOutcome Open(Guid run, string host, TlsSecret secret, out byte[] opened)
    {
        ArgumentNullException.ThrowIfNull(secret);
        opened = [];
        SealedSecret message = secret.Sealed;
        string[] recipients = message.Recipients.Split(',');
        bool hasKey = false;
        for (int i = 0; i < recipients.Length && i < message.Keys.Count; i++)
        {
            if (keys.Find(recipients[i]) is not { } pair)
            {
                continue;
            }

            hasKey = true;
            if (DataKey(pair, run, host, message.Keys[i]) is { } dataKey && TryOpen(dataKey, run, host, secret, out opened))
            {
                return OpenOutcome.Opened;
            }
        }

        return hasKey ? OpenOutcome.Damaged : OpenOutcome.NoKey;
    }

    /// <inheritdoc/>
    public void Dispose() => Forget();

    private byte[]? DataKey(RecipientKeyPair pair, Guid run, string host, SealedSecret.Types.WrappedKey wrapped)
    {
        // The whole of what it depends on: who has one event must not open another one by its data key.
        string name = $"{pair.Id}/{run}/{host}/{wrapped.Encapsulated.ToBase64()}/{wrapped.DataKey.ToBase64()}";
        if (_dataKeys.TryGetValue(name, out byte[]? known))
        {
            return known;
        }

        try
        {
            using HpkeContext context = HpkeSuite.Default.SetUpRecipient(wrapped.Encapsulated.Span, pair.Key, SealedText.DataKey(run, host));
            byte[] dataKey = context.Open([], wrapped.DataKey.Span);
            if (dataKey.Length != SecretSealer.DataKeyLength)
            {
                return null;
            }

            if (_dataKeys.Count == MostDataKeys)
            {
                Forget();
            }

            _dataKeys.Add(name, dataKey);
            return dataKey;
        }
        catch (CryptographicException)
        {
            return null; // not made for this key, or changed
        }
    }

    private static bool TryOpen(byte[] dataKey, Guid run, string host, TlsSecret secret, out byte[] opened)
    {
        opened = [];
        ReadOnlySpan<byte> message = secret.Sealed.Ciphertext.Span;
        if (message.Length < HpkeContext.TagLength)
        {
            return false;
        }

        Span<byte> nonce = stackalloc byte[SecretSealer.NonceLength];
        SecretSealer.Nonce(secret.Sealed.Number, nonce);
        byte[] plaintext = new byte[message.Length - HpkeContext.TagLength];
        using var cipher = new AesGcm(dataKey, HpkeContext.TagLength);
        try
        {
            cipher.Decrypt(
                nonce, message[..plaintext.Length], message[plaintext.Length..], plaintext,
                SealedText.Secret(run, host, secret.Label, secret.ClientRandom.Span));
        }
        catch (CryptographicException)
        {
            return false;
        }

        opened = plaintext;
        return true;
    }

    private void Forget()
    {
        foreach (byte[] dataKey in _dataKeys.Values)
        {
            CryptographicOperations.ZeroMemory(dataKey);
        }

        _dataKeys.Clear();
    }
}
