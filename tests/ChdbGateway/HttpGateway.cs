using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.RegularExpressions;
using ECapture.Storage;
using ECapture.Storage.ClickHouse;
using ECapture.Storage.ClickHouse.InProcess;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace ECapture.Tests.ChdbGateway;

/// <summary>ClickHouse's HTTP interface in front of an engine: what this program's client uses of it, with the server's own status and error codes.</summary>
internal static partial class HttpGateway
{
    private const int Piece = 256 << 10;

    public static async Task RunAsync(ChdbEngine engine, int port, string user, string password)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenLocalhost(port);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxRequestLineSize = 1 << 20;
            kestrel.Limits.MaxRequestBufferSize = 2 << 20;
            kestrel.Limits.MaxResponseBufferSize = 1 << 20; // as the server: its thread goes on while the kernel takes what is there
        });
        ConcurrentDictionary<string, ChdbClickHouse> databases = new(StringComparer.Ordinal);
        await using WebApplication application = builder.Build();
        application.MapGet("/ping", () => "Ok.\n");
        application.Map("/", async (HttpContext context) =>
        {
            try
            {
                if (context.Request.Headers["X-ClickHouse-User"] != user || context.Request.Headers["X-ClickHouse-Key"] != password)
                {
                    throw new ClickHouseException($"Code: 516. DB::Exception: {context.Request.Headers["X-ClickHouse-User"]}: Authentication failed. (AUTHENTICATION_FAILED)", 516);
                }

                string database = context.Request.Query.TryGetValue("database", out Microsoft.Extensions.Primitives.StringValues name) ? name.ToString() : "default";
                await ServeAsync(context, databases.GetOrAdd(database, key => new ChdbClickHouse(engine, key, ownsEngine: false)));
            }
            catch (ClickHouseException e) when (!context.Response.HasStarted)
            {
                context.Response.StatusCode = e.Code switch
                {
                    516 => 403,
                    60 or 81 => 404,
                    62 => 400,
                    _ => 500,
                };
                context.Response.Headers["X-ClickHouse-Exception-Code"] = e.Code.ToString(CultureInfo.InvariantCulture);
                await context.Response.WriteAsync(e.Message);
            }
            catch (StoreException)
            {
                context.Abort(); // in the middle of a result: the transfer breaks, as the server's does
            }
        });
        await application.RunAsync();
        foreach (ChdbClickHouse database in databases.Values)
        {
            await database.DisposeAsync();
        }
    }

    private static async Task ServeAsync(HttpContext context, ChdbClickHouse engine)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        bool isInUrl = context.Request.Query.TryGetValue("query", out Microsoft.Extensions.Primitives.StringValues query);
        string sql = isInUrl ? query.ToString() : Encoding.UTF8.GetString(body.ToArray());
        Match format = Format().Match(sql);
        bool isInsert = sql.TrimStart().StartsWith("INSERT", StringComparison.OrdinalIgnoreCase);
        if (isInsert && format.Success && format.Groups[1].Value == "Native")
        {
            await engine.InsertAsync(sql[..format.Index], new ReadOnlySequence<byte>(body.GetBuffer(), 0, (int)body.Length), context.RequestAborted);
        }
        else if (!isInsert && format.Success)
        {
            Dictionary<string, string> parameters = context.Request.Query
                .Where(pair => pair.Key.StartsWith("param_", StringComparison.Ordinal))
                .ToDictionary(pair => pair.Key["param_".Length..], pair => Unescape(pair.Value.ToString()));
            context.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
            using Stream result = await engine.QueryAsync(sql[..format.Index], parameters, format.Groups[1].Value, context.RequestAborted);
            PipeWriter answer = context.Response.BodyWriter; // large pieces and no copy between, as the server does it
            int read;
            do
            {
                read = await result.ReadAsync(answer.GetMemory(Piece), context.RequestAborted);
                answer.Advance(read);
                await answer.FlushAsync(context.RequestAborted);
            }
            while (read > 0);
        }
        else
        {
            await engine.ExecuteAsync(sql, context.RequestAborted);
        }
    }

    // The client sent the value in TabSeparated escaping; the engine's client escapes it again.
    private static string Unescape(string value) => Escape().Replace(value, match => match.Value[1] switch
    {
        't' => "\t",
        'n' => "\n",
        'r' => "\r",
        '0' => "\0",
        'b' => "\b",
        'f' => "\f",
        char other => other.ToString(),
    });

    [GeneratedRegex(@"\s+FORMAT\s+(\w+)\s*$")]
    private static partial Regex Format();

    [GeneratedRegex(@"\\.", RegexOptions.Singleline)]
    private static partial Regex Escape();
}
