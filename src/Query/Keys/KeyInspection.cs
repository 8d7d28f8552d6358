using ECapture.Sealing;
using ECapture.Sealing.Keys;
using ECapture.Storage;
using ECapture.Storage.Reading;

namespace ECapture.Query.Keys;

/// <summary>Tries the private keys that are here on what a store holds: the newest secret of every group of recipients is opened and forgotten.</summary>
public static class KeyInspection
{
    /// <summary>Looks at the whole store.</summary>
    /// <exception cref="StoreException">The store failed.</exception>
    public static async Task<IReadOnlyList<KeyUse>> RunAsync(IEventStoreReader store, IPrivateKeys? keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        using SecretOpener? opener = keys is null ? null : new SecretOpener(keys);
        var uses = new List<KeyUse>();
        foreach (SealedRows rows in await store.SealedRowsAsync(cancellationToken).ConfigureAwait(false))
        {
            string[] recipients = rows.Recipients.Split(',', StringSplitOptions.RemoveEmptyEntries);
            KeyUseState state = recipients.Length == 0 ? KeyUseState.Open : await TryAsync(store, opener, rows, cancellationToken).ConfigureAwait(false);
            uses.Add(new KeyUse(recipients, rows.Rows, rows.First, rows.Last, state));
        }

        return uses;
    }

    private static async Task<KeyUseState> TryAsync(IEventStoreReader store, SecretOpener? opener, SealedRows rows, CancellationToken cancellationToken)
    {
        const long Second = 1_000_000_000; // one store cuts times
        var newest = new TimeRange(rows.Last - Second, rows.Last + Second);
        var state = KeyUseState.NoKey;
        await foreach (StoredSecret secret in store.SecretsAsync(newest, null, [], [], cancellationToken).ConfigureAwait(false))
        {
            if (secret.Sealed is not { } stored || stored.TlsSecret.Sealed.Recipients != rows.Recipients || opener is null || stored.Run.Length != 16)
            {
                continue;
            }

            OpenOutcome outcome = opener.Open(new Guid(stored.Run.Span, bigEndian: true), stored.Host, stored.TlsSecret, out byte[] opened);
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(opened);
            if (outcome == OpenOutcome.Opened)
            {
                return KeyUseState.Opens;
            }

            state = outcome == OpenOutcome.Damaged ? KeyUseState.Damaged : state;
        }

        return state;
    }
}
