using System.Globalization;
using ECapture.Query.Callers;
using ECapture.Query.Pcap;
using ECapture.Query.Pcap.Live;
using ECapture.Query.Releases;
using ECapture.Query.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ECapture.Query.Api;

/// <summary><c>/api/v1/pcapng</c>: a file of the past, or one that goes on.</summary>
internal static class PcapngApi
{
    public static async Task AnswerAsync(
        HttpContext context, IEnumerable<KeyValuePair<string, string>> parameters, QueryServiceOptions options, RebuildGate gate, KeyReleases? releases)
    {
        AccessRequest access = AccessRequest.Of(context);
        PcapngRequest request = RequestReader.ReadPcapng(parameters);
        access.Require(Role.Analyst, "a pcapng file");
        if (request.Options.Keys)
        {
            access.RequireKeys();
        }

        request = request with { Filter = access.Restrict(request.Filter), Options = request.Options with { Comment = access.Asked } };
        using RebuildGate.Place place = gate.Enter(access.Caller);
        if (request.Options.Keys)
        {
            if (releases?.Use(access.Caller.Name, access.Query, access.Reason, DateTimeOffset.UtcNow) is { } release)
            {
                access.Detail = $"release {release.Id}, approved by {release.By}";
            }

            await access.GrantAsync(0, context.RequestAborted).ConfigureAwait(false); // on record before a secret is opened
        }

        await (request.IsLive ? FollowAsync(context, request, options, access) : RebuildAsync(context, request, options, access)).ConfigureAwait(false);
    }

    private static async Task RebuildAsync(HttpContext context, PcapngRequest request, QueryServiceOptions options, AccessRequest access)
    {
        var builder = new PcapngBuilder(options.Store, request.Options, options.Keys);
        Rebuild rebuild = await builder.PrepareAsync(request.Filter, context.RequestAborted).ConfigureAwait(false);
        await access.GrantAsync((ulong)rebuild.Secrets, context.RequestAborted).ConfigureAwait(false); // before the first byte leaves
        HttpResponse response = Begin(context);
        response.Headers[PcapngHeaders.Sessions] = Text(rebuild.Sessions);
        response.Headers[PcapngHeaders.SessionsWithoutSecrets] = Text(rebuild.SessionsWithoutSecrets);
        response.Headers[PcapngHeaders.SyntheticSessions] = Text(rebuild.SyntheticSessions);
        response.Headers[PcapngHeaders.Secrets] = Text(rebuild.Secrets);
        if (request.Options.Window is not null)
        {
            response.Headers[PcapngHeaders.CutSessions] = Text(rebuild.CutSessions);
        }

        if (rebuild.SecretCounts.Complaint is { } complaint)
        {
            response.Headers[PcapngHeaders.SecretComplaint] = complaint;
        }

        RebuildReport report = await builder.WriteAsync(rebuild, response.Body, context.RequestAborted).ConfigureAwait(false);
        await access.CompleteAsync(report.Packets, report.Bytes, report.Secrets).ConfigureAwait(false);
    }

    private static async Task FollowAsync(HttpContext context, PcapngRequest request, QueryServiceOptions options, AccessRequest access)
    {
        var follower = new PcapngFollower(options.Store, request.Options, options.Keys, TimeProvider.System);
        await access.GrantAsync(0, context.RequestAborted).ConfigureAwait(false);
        try
        {
            string refusal = await follower.RunAsync(
                request.Filter, Begin(context).Body, (secrets, cancellationToken) => access.GrantAsync((ulong)secrets, cancellationToken), access.RefusedNow, context.RequestAborted).ConfigureAwait(false);
            await access.RefuseAsync(refusal, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            RebuildReport report = follower.Report;
            await access.CompleteAsync(report.Packets, report.Bytes, report.Secrets).ConfigureAwait(false);
        }
    }

    private static HttpResponse Begin(HttpContext context)
    {
        HttpResponse response = context.Response;
        response.ContentType = "application/x-pcapng";
        response.Headers.ContentDisposition = "attachment; filename=\"ecapture.pcapng\"";
        response.Headers.CacheControl = "no-store";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        return response;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
