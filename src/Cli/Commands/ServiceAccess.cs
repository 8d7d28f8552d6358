using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ECapture.Cli.Options;
using ECapture.Query.Client;

namespace ECapture.Cli.Commands;

/// <summary>How a service shows who it is, and a command says who asks. Tokens come from the environment or a file: every process can read command lines.</summary>
internal static class ServiceAccess
{
    /// <summary>The variables that a command shows itself with: they are no options.</summary>
    internal static IReadOnlyList<string> Variables { get; } = [TokenVariable, TokenFileVariable, CertificateVariable, ClientCertificateVariable];

    internal const string TokenVariable = "ECAPTURE_TOKEN";
    internal const string TokenFileVariable = "ECAPTURE_TOKEN_FILE";
    internal const string CertificateVariable = "ECAPTURE_API_CERTIFICATE";
    internal const string ClientCertificateVariable = "ECAPTURE_CLIENT_CERTIFICATE";

    /// <summary>A client of a service, with the token the trusted certificates and the certificate of its own of the environment.</summary>
    /// <exception cref="UsageException">A file cannot be read.</exception>
    internal static QueryClient ClientOf(Uri service) => new(service, Token(), Trusted(), Own());

    /// <summary>The service's certificate, or null for http.</summary>
    /// <exception cref="UsageException">One of two options is missing, or the files cannot be used.</exception>
    internal static X509Certificate2? CertificateOf(OptionReader options)
    {
        string? certificate = options.Find(CommonOptions.TlsCertificate);
        string? key = options.Find(CommonOptions.TlsKey);
        if (certificate is null && key is null)
        {
            return null;
        }

        if (certificate is null || key is null)
        {
            throw new UsageException($"{CommonOptions.TlsCertificate.Name} and {CommonOptions.TlsKey.Name} belong together: give both");
        }

        try
        {
            return X509Certificate2.CreateFromPemFile(certificate, key);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{CommonOptions.TlsCertificate.Name} {certificate}, {CommonOptions.TlsKey.Name} {key}: {e.Message}; both are PEM files");
        }
    }

    /// <summary>Who signs the callers' certificates; null: they need none.</summary>
    /// <exception cref="UsageException">The file cannot be used, or nothing is encrypted.</exception>
    internal static X509Certificate2Collection? ClientAuthoritiesOf(OptionReader options)
    {
        if (options.Find(CommonOptions.TlsClientAuthorities) is not { } file)
        {
            return null;
        }

        if (options.Find(CommonOptions.TlsCertificate) is null)
        {
            throw new UsageException($"{CommonOptions.TlsClientAuthorities.Name} needs https: give {CommonOptions.TlsCertificate.Name} and {CommonOptions.TlsKey.Name}, too");
        }

        X509Certificate2Collection authorities = Read(CommonOptions.TlsClientAuthorities.Name, () => Certificates(file));
        return authorities.Count > 0 ? authorities : throw new UsageException($"{CommonOptions.TlsClientAuthorities.Name}: {file} holds no certificate in PEM");
    }

    // A client's certificate and its key, in one PEM file.
    private static X509Certificate2? Own() => Environment.GetEnvironmentVariable(ClientCertificateVariable) is { Length: > 0 } file
        ? Read(ClientCertificateVariable, () => X509Certificate2.CreateFromPemFile(file))
        : null;

    private static X509Certificate2Collection Certificates(string file)
    {
        X509Certificate2Collection certificates = [];
        certificates.ImportFromPemFile(file);
        return certificates;
    }

    private static string? Token()
    {
        if (Environment.GetEnvironmentVariable(TokenVariable) is { Length: > 0 } token)
        {
            return token;
        }

        return Environment.GetEnvironmentVariable(TokenFileVariable) is { Length: > 0 } file ? Read(TokenFileVariable, () => File.ReadLines(file).First().Trim()) : null;
    }

    private static X509Certificate2Collection? Trusted() =>
        Environment.GetEnvironmentVariable(CertificateVariable) is { Length: > 0 } file
            ? Read(CertificateVariable, () => Certificates(file))
            : null;

    private static T Read<T>(string variable, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or InvalidOperationException)
        {
            throw new UsageException($"{variable}: {e.Message}");
        }
    }
}
