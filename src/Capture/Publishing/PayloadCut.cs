using System.Security.Cryptography;
using ECapture.Events;

namespace ECapture.Capture.Publishing;

/// <summary>Cuts payloads to what the policy keeps, and says in the envelope what there was: length and SHA-256, or HMAC where something was redacted.</summary>
/// <param name="key">Key of the HMAC: a hash of what was overwritten must not let anybody try out what it was.</param>
internal sealed class PayloadCut(ReadOnlyMemory<byte> key)
{
    private readonly byte[] _sha256 = new byte[SHA256.HashSizeInBytes];
    private readonly byte[] _hmac = new byte[HMACSHA256.HashSizeInBytes];

    /// <summary>How many bytes are kept.</summary>
    /// <param name="received">The main bytes as the agent received them: nothing is overwritten yet.</param>
    /// <param name="originalLength">Bytes that there were before the agent received them; 0 or less than there are: it received all.</param>
    /// <param name="keep">Most bytes to keep.</param>
    /// <param name="isRedacted">Something in them is or will be overwritten.</param>
    /// <param name="envelope">Told what was cut. The digest in it is valid until the next call.</param>
    internal int Of(ReadOnlySpan<byte> received, ulong originalLength, int keep, bool isRedacted, scoped ref EventEnvelope envelope)
    {
        if (originalLength > (ulong)received.Length)
        {
            envelope.IsCut = true;
            envelope.CutFrom = originalLength;
        }
        else if (received.Length > keep)
        {
            envelope.IsCut = true;
            envelope.CutFrom = (ulong)received.Length;
            if (isRedacted)
            {
                HMACSHA256.HashData(key.Span, received, _hmac);
                envelope.CutHmac = _hmac;
            }
            else
            {
                SHA256.HashData(received, _sha256);
                envelope.CutSha256 = _sha256;
            }
        }

        return Math.Min(received.Length, keep);
    }
}
