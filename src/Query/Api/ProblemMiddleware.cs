using ECapture.Query.Callers;
using ECapture.Query.Requests;
using ECapture.Sealing;
using ECapture.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ECapture.Query.Api;

/// <summary>Turns errors into answers that say what to do; where an answer has begun, it is broken off so that nobody takes it for whole.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff"; // captured text is never taken for something else than it is sent as
        try
        {
            await next(context).ConfigureAwait(false);
            if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed })
            {
                int status = context.Response.StatusCode;
                await Problem.WriteAsync(
                    context, status, status == StatusCodes.Status404NotFound ? "Not found" : "Method not allowed",
                    "The paths are /api/v1/events, /api/v1/pcapng, /api/v1/connections, /api/v1/histogram, /api/v1/fields, /api/v1/modules, /api/v1/status, /api/v1/keys, /health/live, /health/ready, /openapi/v1.json; all are read with GET; with four eyes also /api/v1/releases, and POST /api/v1/releases/ID/approve and …/deny.").ConfigureAwait(false);
            }
        }
        catch (ParameterException e) when (!context.Response.HasStarted)
        {
            await Problem.WriteAsync(
                context, StatusCodes.Status400BadRequest, "A parameter cannot be used", e.Message, e.Parameter, e.Value, e.Valid, e.Column).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            StoreFailed(e.Message);
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            // What a store says may hold its address, names and parts of statements: whoever comes from elsewhere has a token, and does not need it.
            string said = context.Items.ContainsKey(typeof(AccessRequest)) && AccessRequest.Of(context).Caller.HasToken
                ? e.IsTransient ? "The store does not answer; the service's log says why. Try again later." : "The store refused the statement; the service's log says why."
                : e.Message;
            await Problem.WriteAsync(
                context, e.IsTransient ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError,
                "The store failed", said).ConfigureAwait(false);
        }
        catch (BusyException e) when (!context.Response.HasStarted)
        {
            await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "Busy", e.Message).ConfigureAwait(false);
        }
        catch (SealingException e) when (!context.Response.HasStarted)
        {
            StoreFailed(e.Message);
            await Problem.WriteAsync(context, StatusCodes.Status500InternalServerError, "A private key cannot be used", e.Message).ConfigureAwait(false);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            ReaderLeft(context.Request.Path);
        }
        catch (Exception e)
        {
            Failed(e, context.Request.Path);
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            await Problem.WriteAsync(
                context, StatusCodes.Status500InternalServerError, "The service failed", "An error of the program; its log says more.").ConfigureAwait(false);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "a request failed: {Reason}")]
    private partial void StoreFailed(string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "the reader of {Path} left before the end")]
    private partial void ReaderLeft(string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "the request {Path} failed")]
    private partial void Failed(Exception e, string path);
}
