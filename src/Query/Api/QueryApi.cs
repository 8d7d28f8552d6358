using System.Text.Json;
using ECapture.Events;
using ECapture.Query.Callers;
using ECapture.Query.Connections;
using ECapture.Query.Formatting;
using ECapture.Query.Keys;
using ECapture.Query.Releases;
using ECapture.Query.Requests;
using ECapture.Storage;
using ECapture.Storage.Reading;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ECapture.Query.Api;

/// <summary>The paths of the API.</summary>
internal static class QueryApi
{
    public static void MapQueryApi(this IEndpointRouteBuilder app, QueryServiceOptions options, KeyReleases? releases)
    {
        IEventStoreReader store = options.Store;
        var gate = new RebuildGate();
        // As a Delegate: a RequestDelegate would be left out of the API's description.
        app.MapGet("/api/v1/events", (Delegate)((HttpContext context) => EventsAsync(context, store))).WithName("events");
        app.MapGet("/api/v1/pcapng", (Delegate)((HttpContext context) => PcapngApi.AnswerAsync(context, Parameters(context), options, gate, releases))).WithName("pcapng");
        app.MapGet("/api/v1/connections", (Delegate)((HttpContext context) => ConnectionsAsync(context, store))).WithName("connections");
        app.MapGet("/api/v1/modules", (Delegate)((HttpContext context) => ModulesAsync(context))).WithName("modules");
        app.MapGet("/api/v1/status", (Delegate)((HttpContext context) => StatusAsync(context, store, options))).WithName("status");
        app.MapGet("/api/v1/histogram", (Delegate)((HttpContext context) => HistogramAsync(context, store))).WithName("histogram");
        app.MapGet("/api/v1/fields", (Delegate)((HttpContext context) =>
        {
            RefuseParameters(context);
            return FieldsApi.AnswerAsync(context);
        })).WithName("fields");
        app.MapGet("/api/v1/keys", (Delegate)((HttpContext context) => KeysAsync(context, store, options))).WithName("keys");
        if (releases is not null)
        {
            ReleasesApi.Map(app, releases);
        }

        app.MapGet("/health/live", () => Results.Text("live\n")).ExcludeFromDescription();
        app.MapGet("/health/ready", (HttpContext context) => ReadyAsync(context, store, options)).ExcludeFromDescription();
    }

    private static async Task EventsAsync(HttpContext context, IEventStoreReader store)
    {
        AccessRequest access = AccessRequest.Of(context);
        EventsRequest request = RequestReader.ReadEvents(Parameters(context), EventsFormat.Json);
        if (request.GroupsStatements)
        {
            access.Require(Role.Analyst, "counts of statements");
        }

        request = request with { Filter = access.Restrict(request.Filter) };
        await access.GrantAsync(keys: 0, context.RequestAborted).ConfigureAwait(false);
        IEventFormatter formatter = EventFormatters.Create(request.Format, colours: false);
        context.Response.ContentType = formatter.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        if (request.GroupsStatements)
        {
            int groups = await StatementGroups.WriteAsync(store, request, context.Response.BodyWriter, context.RequestAborted).ConfigureAwait(false);
            await access.CompleteAsync(groups, bytes: 0, keys: 0).ConfigureAwait(false);
            return;
        }

        (long count, _) = await EventsSearch.WriteAsync(
            store, request, formatter, context.Response.BodyWriter, context.RequestAborted, stored => PayloadView.Of(stored, access.Caller.Role)).ConfigureAwait(false);
        await access.CompleteAsync(count, bytes: 0, keys: 0).ConfigureAwait(false);
    }

    private static async Task HistogramAsync(HttpContext context, IEventStoreReader store)
    {
        AccessRequest access = AccessRequest.Of(context);
        HistogramRequest request = RequestReader.ReadHistogram(Parameters(context));
        request = request with { Filter = access.Restrict(request.Filter) };
        await access.GrantAsync(keys: 0, context.RequestAborted).ConfigureAwait(false);
        IReadOnlyList<HistogramBucket> buckets = await store.HistogramAsync(request.Filter, request.Width, context.RequestAborted).ConfigureAwait(false);
        await access.CompleteAsync(buckets.Sum(b => b.Count), bytes: 0, keys: 0).ConfigureAwait(false);
        await HistogramApi.AnswerAsync(context, request, buckets).ConfigureAwait(false);
    }

    private static async Task ConnectionsAsync(HttpContext context, IEventStoreReader store)
    {
        AccessRequest access = AccessRequest.Of(context);
        (EventFilter filter, int limit, EventCursor? after) = RequestReader.ReadConnections(Parameters(context));
        filter = access.Restrict(filter);
        await access.GrantAsync(keys: 0, context.RequestAborted).ConfigureAwait(false);
        (IReadOnlyList<ConnectionView> connections, EventCursor? next) =
            await new ConnectionList(store, access.Caller.Filter).RunAsync(filter, limit, after, context.RequestAborted).ConfigureAwait(false);
        await ConnectionsApi.AnswerAsync(context, connections, next).ConfigureAwait(false);
        await access.CompleteAsync(connections.Count, bytes: 0, keys: 0).ConfigureAwait(false);
    }

    private static async Task ModulesAsync(HttpContext context)
    {
        RefuseParameters(context);
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartArray("modules");
            foreach (string topic in Topics.All)
            {
                json.WriteStartObject();
                json.WriteString("name", topic);
                json.WriteString("holds", ModuleDescriptions.Of(topic));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        await JsonBody.SendAsync(context, body).ConfigureAwait(false);
    }

    private static async Task StatusAsync(HttpContext context, IEventStoreReader store, QueryServiceOptions options)
    {
        RefuseParameters(context);
        AccessRequest.Of(context).RequireEverything("the status");
        IReadOnlyList<TopicStatus> topics = await store.StatusAsync(context.RequestAborted).ConfigureAwait(false);
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("version", options.Version);
            json.WriteString("store", store.Address);
            json.WriteStartArray("modules");
            foreach (TopicStatus topic in topics)
            {
                json.WriteStartObject();
                json.WriteString("name", topic.Topic);
                json.WriteNumber("events", topic.Rows);
                json.WriteString("last", topic.Last is { } last ? TimeText.Format(last) : null);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        await JsonBody.SendAsync(context, body).ConfigureAwait(false);
    }

    private static async Task KeysAsync(HttpContext context, IEventStoreReader store, QueryServiceOptions options)
    {
        RefuseParameters(context);
        AccessRequest access = AccessRequest.Of(context);
        access.Require(Role.Keyholder, "what the keys open");
        access.RequireEverything("what the keys open");
        await access.GrantAsync(keys: 0, context.RequestAborted).ConfigureAwait(false);
        IReadOnlyList<KeyUse> uses = await KeyInspection.RunAsync(store, options.Keys, context.RequestAborted).ConfigureAwait(false);
        await access.CompleteAsync(uses.Count, bytes: 0, keys: 0).ConfigureAwait(false);
        using var body = new MemoryStream();
        body.Write(KeyUseJson.Write(uses));
        await JsonBody.SendAsync(context, body).ConfigureAwait(false);
    }

    private static async Task ReadyAsync(HttpContext context, IEventStoreReader store, QueryServiceOptions options)
    {
        string? reason = options.NotReady?.Invoke();
        if (reason is null)
        {
            try
            {
                await store.PingAsync(context.RequestAborted).ConfigureAwait(false);
            }
            catch (StoreException e)
            {
                reason = options.AsksEverybody ? "the store does not answer; the service's log says more" : e.Message;
            }
        }

        context.Response.StatusCode = reason is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync((reason ?? "ready") + "\n", context.RequestAborted).ConfigureAwait(false);
    }

    private static void RefuseParameters(HttpContext context)
    {
        foreach ((string name, _) in Parameters(context))
        {
            throw new ParameterException(name, null, "this path takes none");
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Parameters(HttpContext context)
    {
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in context.Request.Query)
        {
            foreach (string? value in values)
            {
                yield return new KeyValuePair<string, string>(name, value ?? "");
            }
        }
    }
}
