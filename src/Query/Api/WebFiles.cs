using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ECapture.Query.Api;

/// <summary>The web pages, out of this assembly: nothing comes from elsewhere, and the browser is told that nothing may.</summary>
internal static class WebFiles
{
    private const string Prefix = "web/";

    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly FrozenDictionary<string, WebFile> s_files = Load();

    public static void MapWebFiles(this IEndpointRouteBuilder app)
    {
        foreach ((string path, WebFile file) in s_files)
        {
            app.MapGet(path == "index.html" ? "/" : "/" + path, (HttpContext context) => SendAsync(context, file)).ExcludeFromDescription();
        }
    }

    private static async Task SendAsync(HttpContext context, WebFile file)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ETag = file.ETag;
        headers.CacheControl = file.IsNamedByContent ? "public, max-age=31536000, immutable" : "no-cache";
        headers.ContentSecurityPolicy = Policy;
        headers["Referrer-Policy"] = "no-referrer";
        if (context.Request.Headers.IfNoneMatch.Contains(file.ETag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = file.ContentType;
        context.Response.ContentLength = file.Bytes.Length;
        await context.Response.Body.WriteAsync(file.Bytes, context.RequestAborted).ConfigureAwait(false);
    }

    private static FrozenDictionary<string, WebFile> Load()
    {
        Assembly assembly = typeof(WebFiles).Assembly;
        Dictionary<string, WebFile> files = [];
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            string path = name[Prefix.Length..].Replace('\\', '/');
            files.Add(path, new WebFile(
                bytes, TypeOf(path), $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}\"", path.StartsWith("assets/", StringComparison.Ordinal)));
        }

        return files.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string TypeOf(string path) => Path.GetExtension(path) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
}
