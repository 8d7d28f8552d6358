using Microsoft.AspNetCore.Http;

namespace ECapture.Query.Api;

/// <summary>Sends a JSON document that was made in memory.</summary>
internal static class JsonBody
{
    public static async Task SendAsync(HttpContext context, MemoryStream body)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), context.RequestAborted).ConfigureAwait(false);
    }
}
