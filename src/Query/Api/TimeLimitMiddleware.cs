using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace ECapture.Query.Api;

/// <summary>
/// Ends what does not begin to answer in time, in the store, too: a question that is too wide must not keep the store busy for nobody. An answer that has begun takes as long as its reader.
/// </summary>
internal sealed class TimeLimitMiddleware(RequestDelegate next, QueryServiceOptions options)
{
    public async Task InvokeAsync(HttpContext context)
    {
        CancellationToken aborted = context.RequestAborted;
        var limited = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        context.Response.RegisterForDispose(limited); // an answer may begin after the last of the handlers
        context.Response.OnStarting(() =>
        {
            limited.CancelAfter(Timeout.InfiniteTimeSpan);
            return Task.CompletedTask;
        });
        context.RequestAborted = limited.Token;
        limited.CancelAfter(options.TimeLimit);
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Exception) when (limited.IsCancellationRequested && !aborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            context.RequestAborted = aborted;
            await Problem.WriteAsync(
                context, StatusCodes.Status504GatewayTimeout, "Took too long",
                string.Create(CultureInfo.InvariantCulture, $"The store had no answer within {options.TimeLimit.TotalSeconds:0.#} s, and was told to stop: ask for less time (since, from, to), or for a module.")).ConfigureAwait(false);
        }
        finally
        {
            context.RequestAborted = aborted;
        }
    }
}
