using ECapture.Capture;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log.Streams;
using ECapture.Sealing;
using ECapture.Sealing.Keys;
using ECapture.Tests.Unit.Sealing;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace ECapture.Tests.Unit.Capture.Publishing;

/// <summary>The publisher is the one way into the log: no secret passes it open.</summary>
public sealed class SecretSealingTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ecapture-sealing-");
    private readonly RecipientKeyPair _pair = RecipientKeyPair.Create();

    public void Dispose()
    {
        _pair.Dispose();
        _root.Delete(recursive: true);
    }

    [Fact]
    public async Task Publish_Secret_IsInTheLogSealedOnly()
    {
        await using PublisherFixture fixture = new(new CaptureOptions { SealTo = [PublicFile(_pair)] });
        byte[] secret = [.. Enumerable.Range(100, 48).Select(i => (byte)i)];

        fixture.Publisher.Publish(Topics.Secret, PublisherFixture.Header(), Secret(secret));
        fixture.Drain();

        Event logged = Assert.Single(fixture.Log.Events);
        Assert.True(logged.TlsSecret.Secret.IsEmpty);
        Assert.True(logged.ToByteArray().AsSpan().IndexOf(secret) < 0);
        Assert.Equal("CLIENT_RANDOM", logged.TlsSecret.Label);
        using SecretOpener opener = new(new KeyBox(_pair));
        Assert.Equal(OpenOutcome.Opened, opener.Open(fixture.Identity.Run, fixture.Identity.Host, logged.TlsSecret, out byte[] opened));
        Assert.Equal(secret, opened);
    }

    [Fact]
    public async Task Publish_OpenOnPurpose_KeepsTheSecret()
    {
        await using PublisherFixture fixture = new(new CaptureOptions { KeepSecretsOpen = true });

        fixture.Publisher.Publish(Topics.Secret, PublisherFixture.Header(), Secret([1, 2, 3]));
        fixture.Drain();

        Assert.Equal([1, 2, 3], Assert.Single(fixture.Log.Events).TlsSecret.Secret.ToByteArray());
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("gnutls")]
    [InlineData("gotls")]
    public void Create_SecretsForNobody_IsRefused(string module)
    {
        CaptureException refused = Assert.Throws<CaptureException>(() => Sealing(new CaptureOptions { Modules = ["bash", module] }));

        Assert.True(refused.IsUsage);
        Assert.Contains("--seal-to", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Seal_SecretOfAModuleWithoutSecrets_IsNotLetThrough()
    {
        using SecretSealing sealing = Sealing(new CaptureOptions { Modules = ["bash"] });

        Assert.Throws<InvalidOperationException>(() => sealing.Seal(Secret([1]).TlsSecret));
    }

    [Fact]
    public void Create_FileThatCannotBeRead_SaysSo()
    {
        string missing = Path.Combine(_root.FullName, "nobody.pem");

        CaptureException refused = Assert.Throws<CaptureException>(() => new PublisherFixture(new CaptureOptions { SealTo = [missing] }));

        Assert.Contains(missing, refused.Message, StringComparison.Ordinal);
    }

    private static SecretSealing Sealing(CaptureOptions options) =>
        new(AgentIdentity.Create("t", "h"), options, TimeProvider.System, NullLogger.Instance);

    private string PublicFile(RecipientKeyPair pair)
    {
        string path = Path.Combine(_root.FullName, "recipients.pem");
        using RecipientKey key = pair.PublicKey();
        File.WriteAllText(path, key.ExportPem());
        return path;
    }

    private static Event Secret(byte[] secret) => new()
    {
        TlsSecret = new TlsSecret { Label = "CLIENT_RANDOM", ClientRandom = ByteString.CopyFrom(new byte[32]), Secret = ByteString.CopyFrom(secret), Library = "openssl" },
    };
}
