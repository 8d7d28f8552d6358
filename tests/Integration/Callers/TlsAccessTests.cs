using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ECapture.Query;
using ECapture.Query.Client;
using ECapture.Tests.Integration.Querying;
using ECapture.Tests.Integration.Storage;
using Microsoft.Extensions.Logging;

namespace ECapture.Tests.Integration.Callers;

/// <summary>Tokens over https, and certificates of clients.</summary>
public sealed class TlsAccessTests(StoresFixture stores, TlsFixture tls) : AccessTestBase(stores, tls)
{
    [Fact]
    public async Task Tls_WithATrustedCertificateAndAToken_Answers()
    {
        using RSA key = RSA.Create(2048);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        var request = new CertificateRequest("CN=ecapture test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using RunningQuery service = await RunningQuery.StartAsync(new QueryServiceOptions
        {
            Store = Events,
            Listen = "https://127.0.0.1:0",
            Certificate = certificate,
            Journal = Journal,
            Tokens = Tokens,
            Configure = b => b.Logging.ClearProviders(),
        });
        using var trusting = new QueryClient(service.Address, TokenOf("Analyst"), [certificate]);
        using var nobody = new QueryClient(service.Address, null, [certificate]);
        using var distrusting = new QueryClient(service.Address, TokenOf("Analyst"));
        using MemoryStream answer = new();

        await trusting.EventsAsync([new("limit", "3"), new("format", "ndjson")], answer, Cancel);

        Assert.Equal(3, Lines(answer.ToArray()));
        Assert.Contains("asks for a token", (await Assert.ThrowsAsync<QueryClientException>(() => nobody.EventsAsync([], Stream.Null, Cancel))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<QueryClientException>(() => distrusting.EventsAsync([], Stream.Null, Cancel));
    }

    [Fact]
    public async Task Tls_WithClientAuthorities_AnswersWhoseCertificateTheySigned()
    {
        DateTimeOffset from = DateTimeOffset.UtcNow.AddDays(-1);
        using RSA authorityKey = RSA.Create(2048);
        var authorityRequest = new CertificateRequest("CN=authority", authorityKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 authority = authorityRequest.CreateSelfSigned(from, from.AddDays(9));
        using X509Certificate2 server = Signed("CN=service", "1.3.6.1.5.5.7.3.1");
        using X509Certificate2 client = Signed("CN=ann", "1.3.6.1.5.5.7.3.2");
        using RSA strangersKey = RSA.Create(2048);
        using X509Certificate2 stranger = new CertificateRequest("CN=ann", strangersKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(from, from.AddDays(9));
        await using RunningQuery service = await RunningQuery.StartAsync(new QueryServiceOptions
        {
            Store = Events,
            Listen = "https://127.0.0.1:0",
            Certificate = server,
            ClientAuthorities = [authority],
            Tokens = Tokens,
            Configure = b => b.Logging.ClearProviders(),
        });
        using MemoryStream answer = new();
        using var signed = new QueryClient(service.Address, TokenOf("Analyst"), [authority], client);
        await signed.EventsAsync([new("limit", "3"), new("format", "ndjson")], answer, Cancel);
        Assert.Equal(3, Lines(answer.ToArray()));
        using var tokenless = new QueryClient(service.Address, null, [authority], client);
        await Assert.ThrowsAsync<QueryClientException>(() => tokenless.EventsAsync([], Stream.Null, Cancel));
        foreach (X509Certificate2? wrong in (X509Certificate2?[])[null, stranger, server])
        {
            using var refused = new QueryClient(service.Address, TokenOf("Analyst"), [authority], wrong);
            await Assert.ThrowsAsync<QueryClientException>(() => refused.EventsAsync([], Stream.Null, Cancel));
        }

        X509Certificate2 Signed(string subject, string use)
        {
            using RSA key = RSA.Create(2048);
            var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
            using X509Certificate2 made = request.Create(authority, from, from.AddDays(8), RandomNumberGenerator.GetBytes(8));
            using X509Certificate2 withKey = made.CopyWithPrivateKey(key);
            return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null); // TLS wants a key that is not ephemeral
        }
    }
}
