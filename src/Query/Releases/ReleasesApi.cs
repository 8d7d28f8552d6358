using ECapture.Query.Api;
using ECapture.Query.Callers;
using ECapture.Query.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ECapture.Query.Releases;

/// <summary><c>/api/v1/releases</c>: requests for TLS secrets that wait for a second keyholder, and his decision.</summary>
internal static class ReleasesApi
{
    public static void Map(IEndpointRouteBuilder app, KeyReleases releases)
    {
        app.MapGet("/api/v1/releases", (Delegate)((HttpContext context) => ListAsync(context, releases))).WithName("releases");
        app.MapPost("/api/v1/releases/{id}/approve", (Delegate)((HttpContext context) => DecideAsync(context, releases, approves: true))).WithName("approve");
        app.MapPost("/api/v1/releases/{id}/deny", (Delegate)((HttpContext context) => DecideAsync(context, releases, approves: false))).WithName("deny");
    }

    private static async Task ListAsync(HttpContext context, KeyReleases releases)
    {
        AccessRequest access = Keyholder(context);
        await access.GrantAsync(keys: 0, context.RequestAborted).ConfigureAwait(false);
        IReadOnlyList<KeyRelease> list = releases.List(DateTimeOffset.UtcNow);
        await access.CompleteAsync(list.Count, bytes: 0, keys: 0).ConfigureAwait(false);
        await SendAsync(context, list).ConfigureAwait(false);
    }

    private static async Task DecideAsync(HttpContext context, KeyReleases releases, bool approves)
    {
        AccessRequest access = Keyholder(context);
        string id = context.Request.RouteValues["id"]?.ToString() ?? "";
        DateTimeOffset now = DateTimeOffset.UtcNow;
        if (releases.Find(id, now) is not { } waiting || !KeyReleases.IsOpen(waiting, approves))
        {
            throw new ParameterException("id", id, $"a release that {Open(approves)}, as /api/v1/releases lists it");
        }

        if (approves)
        {
            KeyReleases.RefuseOwn(waiting, access.Caller.Name);
        }

        // On record before it counts.
        access.Detail = $"release {id} of {waiting.Actor}";
        access.Filter = waiting.Query; // not in the detail: who may not see what others ask for sees that
        await access.GrantAsync(keys: 0, context.RequestAborted).ConfigureAwait(false);
        KeyRelease decided = releases.Decide(id, access.Caller.Name, approves, now)
            ?? throw new ParameterException("id", id, $"a release that {Open(approves)}: somebody else has just decided this one, or used it");
        await SendAsync(context, [decided]).ConfigureAwait(false);
    }

    private static string Open(bool approves) => approves ? "waits" : "waits or was approved";

    private static AccessRequest Keyholder(HttpContext context)
    {
        AccessRequest access = AccessRequest.Of(context);
        access.Require(Role.Keyholder, "a release of TLS secrets");
        access.RequireEverything("a release of TLS secrets");
        return access;
    }

    private static async Task SendAsync(HttpContext context, IReadOnlyList<KeyRelease> releases)
    {
        using var body = new MemoryStream();
        body.Write(ReleaseJson.Write(releases));
        await JsonBody.SendAsync(context, body).ConfigureAwait(false);
    }
}
