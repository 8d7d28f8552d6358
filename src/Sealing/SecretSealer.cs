using System.Buffers.Binary;
using System.Security.Cryptography;
using ECapture.Events.V1;
using ECapture.Sealing.Hpke;
using ECapture.Sealing.Keys;
using Google.Protobuf;

namespace ECapture.Sealing;

/// <summary>
/// Seals the TLS secrets of one agent run. Each is encrypted with a data key that serves for a minute and is itself encrypted for every recipient; both
/// stand in every event, so that an event opens whatever became of all others. Not thread-safe.
/// </summary>
/// <param name="run">The run's id.</param>
/// <param name="host">The host written into the events.</param>
/// <param name="time">Says when a minute is over.</param>
public sealed class SecretSealer(Guid run, string host, TimeProvider time) : IDisposable
{
    /// <summary>How long a data key serves.</summary>
    public static readonly TimeSpan DataKeyLife = TimeSpan.FromMinutes(1);

    internal const int DataKeyLength = 32;
    internal const int NonceLength = 12;

    private readonly byte[] _dataKey = new byte[DataKeyLength];
    private readonly List<SealedSecret.Types.WrappedKey> _wrapped = [];
    private AesGcm? _cipher;
    private string _recipients = "";
    private long _begun;
    private ulong _number;

    /// <summary>True when the next secret needs a new data key: ask who the recipients are, then call <see cref="Renew"/>.</summary>
    public bool IsDue => _cipher is null || time.GetElapsedTime(_begun) >= DataKeyLife;

    /// <summary>Makes a new data key for these recipients.</summary>
    /// <param name="recipients">At least one.</param>
    public void Renew(IReadOnlyList<RecipientKey> recipients)
    {
        ArgumentNullException.ThrowIfNull(recipients);
        ArgumentOutOfRangeException.ThrowIfZero(recipients.Count);
        RandomNumberGenerator.Fill(_dataKey);
        byte[] info = SealedText.DataKey(run, host);
        _wrapped.Clear();
        foreach (RecipientKey recipient in recipients)
        {
            using HpkeContext context = HpkeSuite.Default.SetUpSender(recipient.Key, info, out byte[] encapsulated);
            _wrapped.Add(new SealedSecret.Types.WrappedKey
            {
                Encapsulated = ByteString.CopyFrom(encapsulated),
                DataKey = ByteString.CopyFrom(context.Seal([], _dataKey)),
            });
        }

        _recipients = string.Join(',', recipients.Select(r => r.Id));
        _cipher?.Dispose();
        _cipher = new AesGcm(_dataKey, HpkeContext.TagLength);
        _number = 0;
        _begun = time.GetTimestamp();
    }

    /// <summary>Seals a secret in its place: <c>secret</c> is empty afterwards.</summary>
    /// <exception cref="InvalidOperationException">There is no data key yet.</exception>
    public void Seal(TlsSecret secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        AesGcm cipher = _cipher ?? throw new InvalidOperationException("there is no data key yet");
        Span<byte> nonce = stackalloc byte[NonceLength];
        Nonce(++_number, nonce); // a data key never sees a nonce twice
        byte[] sealedBytes = new byte[secret.Secret.Length + HpkeContext.TagLength];
        cipher.Encrypt(
            nonce, secret.Secret.Span, sealedBytes.AsSpan(0, secret.Secret.Length), sealedBytes.AsSpan(secret.Secret.Length),
            SealedText.Secret(run, host, secret.Label, secret.ClientRandom.Span));
        secret.Sealed = new SealedSecret { Recipients = _recipients, Number = _number, Ciphertext = UnsafeByteOperations.UnsafeWrap(sealedBytes) };
        secret.Sealed.Keys.AddRange(_wrapped);
        secret.Secret = ByteString.Empty;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cipher?.Dispose();
        CryptographicOperations.ZeroMemory(_dataKey);
    }

    internal static void Nonce(ulong number, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[(NonceLength - sizeof(ulong))..], number);
    }
}
