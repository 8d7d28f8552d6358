using System.Security.Cryptography;
using System.Text;
using ECapture.Sealing.Hpke;

namespace ECapture.Tests.Unit.Sealing;

public sealed class HpkeTests
{
    [Theory]
    [MemberData(nameof(HpkeVector.Names), MemberType = typeof(HpkeVector))]
    public void Seal_PublishedVector_GivesItsKeysAndCiphertexts(string name)
    {
        HpkeVector vector = HpkeVector.Of(name);
        using ECDiffieHellman recipient = P256Kem.ImportPoint(Bytes(vector.RecipientPublic));
        using ECDiffieHellman ephemeral = Pair(vector.EphemeralPrivate, vector.Encapsulated);

        using HpkeContext sender = vector.Suite.SetUpSender(recipient, ephemeral, Bytes(HpkeVector.Info), out byte[] encapsulated);

        Assert.Equal(vector.Encapsulated, Convert.ToHexStringLower(encapsulated));
        Assert.Equal(vector.Key, Convert.ToHexStringLower(sender.Key));
        Assert.Equal(vector.BaseNonce, Convert.ToHexStringLower(sender.BaseNonce));
        Assert.Equal(vector.ExporterSecret, Convert.ToHexStringLower(sender.ExporterSecret));
        Assert.Equal(
            vector.Ciphertexts, vector.Ciphertexts.Select((_, i) => Convert.ToHexStringLower(sender.Seal(Associated(i), Bytes(HpkeVector.Plaintext)))));
        if (vector.Exported.Length > 0)
        {
            Assert.Equal(vector.Exported, Convert.ToHexStringLower(sender.Export([], 32)));
        }
    }

    [Theory]
    [MemberData(nameof(HpkeVector.Names), MemberType = typeof(HpkeVector))]
    public void Open_PublishedVector_GivesItsPlaintext(string name)
    {
        HpkeVector vector = HpkeVector.Of(name);
        using ECDiffieHellman recipient = Pair(vector.RecipientPrivate, vector.RecipientPublic);

        using HpkeContext context = vector.Suite.SetUpRecipient(Bytes(vector.Encapsulated), recipient, Bytes(HpkeVector.Info));

        Assert.All(vector.Ciphertexts.Index(), c => Assert.Equal(HpkeVector.Plaintext, Convert.ToHexStringLower(context.Open(Associated(c.Index), Bytes(c.Item)))));
    }

    [Fact]
    public void Open_LateSequenceNumbers_FollowThePublishedVector()
    {
        // A.3.1: sequence numbers 4, 255 and 256.
        Dictionary<int, string> published = new()
        {
            [4] = "8787491ee8df99bc99a246c4b3216d3d57ab5076e18fa27133f520703bc70ec999dd36ce042e44f0c3169a6a8f",
            [255] = "2ad71c85bf3f45c6eca301426289854b31448bcf8a8ccb1deef3ebd87f60848aa53c538c30a4dac71d619ee2cd",
            [256] = "10f179686aa2caec1758c8e554513f16472bd0a11e2a907dde0b212cbe87d74f367f8ffe5e41cd3e9962a6afb2",
        };
        HpkeVector vector = HpkeVector.Of("A.3.1");
        using ECDiffieHellman recipient = P256Kem.ImportPoint(Bytes(vector.RecipientPublic));
        using ECDiffieHellman ephemeral = Pair(vector.EphemeralPrivate, vector.Encapsulated);
        using HpkeContext sender = vector.Suite.SetUpSender(recipient, ephemeral, Bytes(HpkeVector.Info), out _);

        for (int i = 0; i <= 256; i++)
        {
            string ciphertext = Convert.ToHexStringLower(sender.Seal(Associated(i), Bytes(HpkeVector.Plaintext)));
            if (published.TryGetValue(i, out string? expected))
            {
                Assert.Equal(expected, ciphertext);
            }
        }
    }

    [Fact]
    public void Open_AnyBitFlipped_Refuses()
    {
        using ECDiffieHellman recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        byte[] info = [1, 2, 3];
        byte[] associated = [4, 5];
        using HpkeContext sender = HpkeSuite.Default.SetUpSender(recipient, info, out byte[] encapsulated);
        byte[] ciphertext = sender.Seal(associated, Bytes(HpkeVector.Plaintext));

        Assert.Equal(HpkeVector.Plaintext, Convert.ToHexStringLower(Open(recipient, encapsulated, info, associated, ciphertext)));
        foreach (byte[] part in new[] { encapsulated, info, associated, ciphertext })
        {
            for (int bit = 0; bit < part.Length * 8; bit++)
            {
                part[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.ThrowsAny<CryptographicException>(() => Open(recipient, encapsulated, info, associated, ciphertext));
                part[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    [Fact]
    public void Open_OtherRecipient_Refuses()
    {
        using ECDiffieHellman recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using ECDiffieHellman other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using HpkeContext sender = HpkeSuite.Default.SetUpSender(recipient, [], out byte[] encapsulated);
        byte[] ciphertext = sender.Seal([], Bytes(HpkeVector.Plaintext));

        Assert.ThrowsAny<CryptographicException>(() => Open(other, encapsulated, [], [], ciphertext));
    }

    [Fact]
    public void Open_CutAnywhere_Refuses()
    {
        using ECDiffieHellman recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using HpkeContext sender = HpkeSuite.Default.SetUpSender(recipient, [], out byte[] encapsulated);
        byte[] ciphertext = sender.Seal([], Bytes(HpkeVector.Plaintext));

        Assert.All(Enumerable.Range(0, encapsulated.Length), n => Assert.ThrowsAny<CryptographicException>(() => Open(recipient, encapsulated[..n], [], [], ciphertext)));
        Assert.All(Enumerable.Range(0, ciphertext.Length), n => Assert.ThrowsAny<CryptographicException>(() => Open(recipient, encapsulated, [], [], ciphertext[..n])));
        Assert.ThrowsAny<CryptographicException>(() => Open(recipient, [.. encapsulated, 0], [], [], ciphertext));
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000001", "0000000000000000000000000000000000000000000000000000000000000001")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296", "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f6")]
    public void Open_PointThatIsNotOnTheCurve_Refuses(string x, string y)
    {
        using ECDiffieHellman recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);

        Assert.ThrowsAny<CryptographicException>(() => HpkeSuite.Default.SetUpRecipient([4, .. Bytes(x), .. Bytes(y)], recipient, []));
    }

    [Fact]
    public void Open_RefusedMessage_DoesNotCount()
    {
        using ECDiffieHellman recipient = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using HpkeContext sender = HpkeSuite.Default.SetUpSender(recipient, [], out byte[] encapsulated);
        byte[] first = sender.Seal([], [1]);
        byte[] second = sender.Seal([], [2]);
        using HpkeContext context = HpkeSuite.Default.SetUpRecipient(encapsulated, recipient, []);

        Assert.ThrowsAny<CryptographicException>(() => context.Open([], second));
        Assert.Equal([1], context.Open([], first));
        Assert.Equal([2], context.Open([], second));
    }

    private static byte[] Open(ECDiffieHellman recipient, byte[] encapsulated, byte[] info, byte[] associated, byte[] ciphertext)
    {
        using HpkeContext context = HpkeSuite.Default.SetUpRecipient(encapsulated, recipient, info);
        return context.Open(associated, ciphertext);
    }

    private static byte[] Associated(int sequence) => Encoding.ASCII.GetBytes($"Count-{sequence}");

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex);

    private static ECDiffieHellman Pair(string secret, string point) => ECDiffieHellman.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        D = Bytes(secret),
        Q = new ECPoint { X = Bytes(point[2..66]), Y = Bytes(point[66..]) },
    });
}
