using ECapture.Log.Journal;
using ECapture.Query.Callers;
using ECapture.Sealing.Keys;
using ECapture.Storage.Reading;
using Microsoft.AspNetCore.Builder;

namespace ECapture.Query;

/// <summary>How the query service runs.</summary>
public sealed class QueryServiceOptions
{
    /// <summary>Where it listens when nothing else is said.</summary>
    public const string DefaultListen = "http://127.0.0.1:8080";

    /// <summary>The store that is read; it stays the caller's.</summary>
    public required IEventStoreReader Store { get; init; }

    /// <summary>Where it is recorded who gets what; null: nowhere.</summary>
    public IJournal? Journal { get; init; }

    /// <summary>Private keys that open sealed secrets; null: none is here.</summary>
    public IPrivateKeys? Keys { get; init; }

    /// <summary>Who may ask; null: there are no tokens.</summary>
    public TokenFile? Tokens { get; init; }

    /// <summary>True asks local callers for a token, too. Over https everybody is asked.</summary>
    public bool RequireToken { get; init; }

    /// <summary>True gives TLS secrets only when a second keyholder approved the request; then everybody has to say who he is.</summary>
    public bool FourEyes { get; init; }

    /// <summary>A folder of this service alone, where four eyes keep what waits and what was approved; null: a restart forgets it.</summary>
    public string? Releases { get; init; }

    /// <summary>How long a question may take until its answer begins; 5 minutes by default.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Certificate with its private key, for https; null: http.</summary>
    public System.Security.Cryptography.X509Certificates.X509Certificate2? Certificate { get; init; }

    /// <summary>Over https callers must show a certificate that one of these signed, beside their token; null: they need none.</summary>
    public System.Security.Cryptography.X509Certificates.X509Certificate2Collection? ClientAuthorities { get; init; }

    /// <summary>True when nobody is answered without a token.</summary>
    internal bool AsksEverybody => Certificate is not null || RequireToken;

    /// <summary>http URL of an address of this machine; port 0 takes a free one.</summary>
    public string Listen { get; init; } = DefaultListen;

    /// <summary>Allows an address that is not a loopback one, although nothing is encrypted and nobody is asked who they are.</summary>
    public bool AllowInsecureListen { get; init; }

    /// <summary>Version to show in <c>/api/v1/status</c>.</summary>
    public string Version { get; init; } = "0.0.0";

    /// <summary>Adds logging, telemetry and services.</summary>
    public Action<WebApplicationBuilder>? Configure { get; init; }

    /// <summary>Adds paths of the program's own.</summary>
    public Action<Microsoft.AspNetCore.Routing.IEndpointRouteBuilder>? Map { get; init; }

    /// <summary>A further condition of <c>/health/ready</c>: the reason why the program is not ready, or null.</summary>
    public Func<string?>? NotReady { get; init; }

    /// <summary>Called once with the address that is listened on.</summary>
    public Action<Uri>? Started { get; init; }
}
