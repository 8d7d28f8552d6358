using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ECapture.Query.Callers;

/// <summary>Which certificates of callers count.</summary>
internal static class ClientCertificates
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2"; // id-kp-clientAuth (RFC 5280, 4.2.1.12)

    /// <summary>True when an authority signed it, it is for clients, and it is valid now. Revocation lists are not asked for: a token is what is revoked.</summary>
    public static bool IsSigned(X509Certificate2 certificate, X509Certificate2Collection authorities)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return chain.Build(certificate);
    }
}
