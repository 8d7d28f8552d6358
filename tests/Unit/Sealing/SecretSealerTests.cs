using System.Security.Cryptography;
using ECapture.Events.V1;
using ECapture.Sealing;
using ECapture.Sealing.Keys;
using ECapture.Tests.Support;
using Google.Protobuf;

namespace ECapture.Tests.Unit.Sealing;

public sealed class SecretSealerTests : IDisposable
{
    private static readonly Guid s_run = Guid.CreateVersion7();

    private readonly RecipientKeyPair _pair = RecipientKeyPair.Create();
    private readonly RecipientKeyPair _second = RecipientKeyPair.Create();
    private readonly RecipientKeyPair _stranger = RecipientKeyPair.Create();

    public void Dispose()
    {
        _pair.Dispose();
        _second.Dispose();
        _stranger.Dispose();
    }

    [Theory]
    [InlineData(32)]
    [InlineData(48)]
    [InlineData(64)]
    public void Seal_AnySecret_OpensForEachRecipientAlone(int length)
    {
        byte[] secret = RandomNumberGenerator.GetBytes(length);
        TlsSecret message = Seal(secret, _pair, _second);

        Assert.True(message.Secret.IsEmpty);
        Assert.Equal(secret, Open(message, _pair));
        Assert.Equal(secret, Open(message, _second));
        Assert.Equal($"{_pair.Id},{_second.Id}", message.Sealed.Recipients);
        Assert.All(message.Sealed.Keys, k => Assert.Equal((65, 48), (k.Encapsulated.Length, k.DataKey.Length)));
        Assert.False(message.ToByteArray().AsSpan().IndexOf(secret.AsSpan(0, 8)) >= 0);
    }

    [Fact]
    public void Open_WithoutItsKey_SaysSo()
    {
        using SecretOpener opener = new(new KeyBox(_stranger));

        Assert.Equal(OpenOutcome.NoKey, opener.Open(s_run, "h", Seal([1, 2, 3], _pair), out byte[] opened));
        Assert.Empty(opened);
    }

    [Fact]
    public void Open_AnyByteOfTheEventChanged_NeverGivesAnotherSecret()
    {
        byte[] secret = RandomNumberGenerator.GetBytes(48);
        byte[] encoding = Seal(secret, _pair).ToByteArray();
        int refused = 0;
        for (int bit = 0; bit < encoding.Length * 8; bit++)
        {
            byte[] changed = [.. encoding];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            if (Parse(changed) is not { Sealed: not null } message)
            {
                continue;
            }

            using SecretOpener opener = new(new KeyBox(_pair));
            OpenOutcome outcome = opener.Open(s_run, "h", message, out byte[] opened);
            // What is not bound is not part of the secret: the library's name, and bytes that became an unknown field.
            Assert.Equal(outcome == OpenOutcome.Opened ? secret : [], opened);
            refused += outcome == OpenOutcome.Opened ? 0 : 1;
        }

        Assert.InRange(refused, encoding.Length * 6, encoding.Length * 8);
    }

    [Fact]
    public void Open_OtherRunHostLabelOrRandom_Refuses()
    {
        TlsSecret message = Seal([1, 2, 3], _pair);
        TlsSecret label = message.Clone();
        label.Label = "SERVER_TRAFFIC_SECRET_0";
        TlsSecret random = message.Clone();
        random.ClientRandom = ByteString.CopyFrom(new byte[32]);
        using SecretOpener opener = new(new KeyBox(_pair));

        Assert.Equal(OpenOutcome.Opened, opener.Open(s_run, "h", message, out _));
        Assert.Equal(OpenOutcome.Damaged, opener.Open(Guid.CreateVersion7(), "h", message, out _));
        Assert.Equal(OpenOutcome.Damaged, opener.Open(s_run, "i", message, out _));
        Assert.Equal(OpenOutcome.Damaged, opener.Open(s_run, "h", label, out _));
        Assert.Equal(OpenOutcome.Damaged, opener.Open(s_run, "h", random, out _));
    }

    [Fact]
    public void Open_RandomMessages_NeverThrows()
    {
        Random random = new(7);
        using SecretOpener opener = new(new KeyBox(_pair));
        TlsSecret good = Seal([1, 2, 3], _pair);
        for (int i = 0; i < 3000; i++)
        {
            TlsSecret message = good.Clone();
            message.Sealed.Recipients = random.Next(3) switch { 0 => "", 1 => _pair.Id + ",x", _ => _pair.Id };
            message.Sealed.Number = (ulong)random.NextInt64();
            message.Sealed.Ciphertext = Bytes(random, random.Next(80));
            if (random.Next(2) == 0)
            {
                message.Sealed.Keys.Clear();
                message.Sealed.Keys.Add(new SealedSecret.Types.WrappedKey { Encapsulated = Bytes(random, random.Next(70)), DataKey = Bytes(random, random.Next(60)) });
            }

            Assert.NotEqual(OpenOutcome.Opened, opener.Open(s_run, "h", message, out _));
        }
    }

    [Fact]
    public void Seal_WithinAMinute_UsesOneDataKeyAndNeverANonceTwice()
    {
        SteppedTime time = new();
        using SecretSealer sealer = new(s_run, "h", time);
        using RecipientKey recipient = _pair.PublicKey();
        Assert.True(sealer.IsDue);
        sealer.Renew([recipient]);
        TlsSecret[] first = [.. Enumerable.Range(0, 50).Select(_ => Secret([9, 9, 9]))];
        Array.ForEach(first, sealer.Seal);
        time.Advance(SecretSealer.DataKeyLife - TimeSpan.FromTicks(1));
        Assert.False(sealer.IsDue);
        time.Advance(TimeSpan.FromTicks(1));
        Assert.True(sealer.IsDue);
        sealer.Renew([recipient]);
        TlsSecret next = Secret([9, 9, 9]);
        sealer.Seal(next);

        Assert.Single(first.Select(s => s.Sealed.Keys[0].DataKey).Distinct());
        Assert.Equal(first.Length, first.Select(s => s.Sealed.Number).Distinct().Count());
        Assert.NotEqual(first[0].Sealed.Keys[0].DataKey, next.Sealed.Keys[0].DataKey);
        Assert.NotEqual(first[0].Sealed.Keys[0].Encapsulated, next.Sealed.Keys[0].Encapsulated);
        Assert.All(first.Append(next), s => Assert.Equal([9, 9, 9], Open(s, _pair)));
    }

    private static TlsSecret Seal(byte[] secret, params RecipientKeyPair[] pairs)
    {
        using SecretSealer sealer = new(s_run, "h", TimeProvider.System);
        RecipientKey[] recipients = [.. pairs.Select(p => p.PublicKey())];
        sealer.Renew(recipients);
        TlsSecret message = Secret(secret);
        sealer.Seal(message);
        Array.ForEach(recipients, r => r.Dispose());
        return message;
    }

    private static TlsSecret Secret(byte[] secret) => new()
    {
        Label = "CLIENT_TRAFFIC_SECRET_0",
        ClientRandom = ByteString.CopyFrom([.. Enumerable.Range(0, 32).Select(i => (byte)i)]),
        Secret = ByteString.CopyFrom(secret),
        Library = "openssl",
    };

    private static byte[] Open(TlsSecret message, RecipientKeyPair pair)
    {
        using SecretOpener opener = new(new KeyBox(pair));
        Assert.Equal(OpenOutcome.Opened, opener.Open(s_run, "h", message, out byte[] opened));
        return opened;
    }

    private static TlsSecret? Parse(byte[] encoding)
    {
        try
        {
            return TlsSecret.Parser.ParseFrom(encoding);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static ByteString Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }
}
