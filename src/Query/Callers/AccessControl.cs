using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using ECapture.Log;
using ECapture.Log.Journal;
using ECapture.Query.Api;
using ECapture.Query.Releases;
using ECapture.Storage.Reading.Expressions;
using Microsoft.AspNetCore.Http;

namespace ECapture.Query.Callers;

/// <summary>
/// Stands before every path of the API: asks who it is, limits how often, and turns refusals into answers and entries of the access record. What cannot be recorded
/// is refused.
/// </summary>
/// <param name="journal">The access record; null: nothing is recorded.</param>
/// <param name="tokens">The tokens; null: there are none.</param>
/// <param name="allowsLocal">True when callers without a token are let in.</param>
/// <param name="time">Says when tokens expire.</param>
internal sealed class AccessControl(IJournal? journal, TokenFile? tokens, bool allowsLocal, TimeProvider time) : IDisposable
{
    private const string Scheme = "Bearer ";

    // A page of a browser asks for a few things at once; a script that runs wild is slowed down.
    private const int Burst = 100;
    private const int PerSecond = 20;

    // Whoever has no token must not fill the record, nor the disk.
    private const int StrangersPerMinute = 60;

    private readonly ConcurrentDictionary<string, RateLimiter> _limits = new(StringComparer.Ordinal);
    private readonly RateLimiter _strangers = Bucket(StrangersPerMinute, StrangersPerMinute, TimeSpan.FromMinutes(1));

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        try
        {
            (Caller? caller, string refusal) = Identify(context);
            var request = new AccessRequest(journal, context, caller ?? new Caller("", Role.Viewer, null, AddressOf(context)), () => Identify(context) is (null, var why) ? why : null);
            if (caller is null)
            {
                if (_strangers.AttemptAcquire().IsAcquired)
                {
                    await request.RefuseAsync(refusal, context.RequestAborted).ConfigureAwait(false);
                }

                await AnswerAsync(context, StatusCodes.Status401Unauthorized, "Who are you?", refusal).ConfigureAwait(false);
                return;
            }

            if (caller.HasToken && !_limits.GetOrAdd(caller.Name, _ => Bucket(Burst, PerSecond, TimeSpan.FromSeconds(1))).AttemptAcquire().IsAcquired)
            {
                context.Response.Headers.RetryAfter = "1";
                await AnswerAsync(context, StatusCodes.Status429TooManyRequests, "Too many requests", $"This token may ask {PerSecond} times a second.").ConfigureAwait(false);
                return;
            }

            context.Items[typeof(AccessRequest)] = request;
            try
            {
                await next(context).ConfigureAwait(false);
            }
            catch (AccessRefusedException e) when (!context.Response.HasStarted)
            {
                await request.RefuseAsync(e.Message, context.RequestAborted).ConfigureAwait(false);
                await AnswerAsync(context, StatusCodes.Status403Forbidden, "Not allowed", e.Message).ConfigureAwait(false);
            }
        }
        catch (TokenException e)
        {
            await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "Tokens cannot be checked", e.Message).ConfigureAwait(false);
        }
        catch (ReleaseException e) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "Releases cannot be kept", e.Message).ConfigureAwait(false);
        }
        catch (LogException e) when (!context.Response.HasStarted)
        {
            await AnswerAsync(
                context, StatusCodes.Status503ServiceUnavailable, "Access cannot be recorded", $"Nothing is given out that is not on record: {e.Message}").ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _strangers.Dispose();
        foreach (RateLimiter limit in _limits.Values)
        {
            limit.Dispose();
        }
    }

    private (Caller? Caller, string Refusal) Identify(HttpContext context)
    {
        string from = AddressOf(context);
        string header = context.Request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            return allowsLocal
                ? (new Caller(Caller.Local, Role.Admin, null, from) { HasToken = false }, "")
                : (null, "this service asks for a token: Authorization: Bearer ect_…; commands take it from ECAPTURE_TOKEN");
        }

        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || tokens?.Find(header[Scheme.Length..].Trim()) is not { } token)
        {
            return (null, "the token is none of this service's");
        }

        // A wrong token is refused even where none is needed: who sends one means to be somebody.
        return token.RefusedAt(time.GetUtcNow()) is { } why
            ? (null, why)
            : (new Caller(token.Name, token.Role, FilterOf(token), from), "");
    }

    private static FilterExpression? FilterOf(AccessToken token)
    {
        try
        {
            return token.Filter is null ? null : FilterExpression.Parse(token.Filter);
        }
        catch (FilterSyntaxException e)
        {
            throw new TokenException($"the filter of token {token.Name} cannot be used: {e.Message}", e);
        }
    }

    private static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";

    private static Task AnswerAsync(HttpContext context, int status, string title, string detail)
    {
        Task answer = Problem.WriteAsync(context, status, title, detail);
        return answer;
    }

    private static TokenBucketRateLimiter Bucket(int most, int perPeriod, TimeSpan period) => new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = most,
        TokensPerPeriod = perPeriod,
        ReplenishmentPeriod = period,
        QueueLimit = 0,
        AutoReplenishment = true,
    });
}
