using ECapture.Events;
using ECapture.Events.V1;
using ECapture.Log.Journal;
using ECapture.Storage.Reading;
using ECapture.Storage.Reading.Expressions;
using Microsoft.AspNetCore.Http;

namespace ECapture.Query.Callers;

/// <summary>One request: who asks, what he may see, and its entries in the access record.</summary>
internal sealed class AccessRequest
{
    private readonly IJournal? _journal;
    private readonly Access _entry;
    private readonly Func<string?> _refusedNow;

    /// <param name="journal">The access record; null: nothing is recorded.</param>
    /// <param name="context">The request.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="refusedNow">Why the caller would be refused if he asked now; null when he would not.</param>
    public AccessRequest(IJournal? journal, HttpContext context, Caller caller, Func<string?> refusedNow)
    {
        _journal = journal;
        Caller = caller;
        _refusedNow = refusedNow;
        Query = AskedText.Of(context.Request.QueryString);
        _entry = new Access
        {
            Actor = caller.Name,
            Role = caller.HasToken ? caller.Role.ToString().ToLowerInvariant() : "",
            From = caller.From,
            Action = (context.Request.Path.Value ?? "").Split('/')[^1],
            Filter = Query, // whole: a request line has 8 KB at most
            Reason = context.Request.Query["reason"].ToString(),
        };
    }

    public Caller Caller { get; }

    /// <summary>The request's parameters, see <see cref="AskedText"/>.</summary>
    public string Query { get; }

    /// <summary>What the entries say was asked for: the request's own parameters, unless it is about another request.</summary>
    public string Filter
    {
        set => _entry.Filter = value;
    }

    /// <summary>Why the caller would be refused if he asked now (his token was revoked, or expired); null when he would not. For answers that go on.</summary>
    /// <exception cref="TokenException">The tokens cannot be read.</exception>
    public string? RefusedNow() => _refusedNow();

    /// <summary>Why the caller asks.</summary>
    public string Reason => _entry.Reason;

    /// <summary>Stands in the entries that say that the caller got something.</summary>
    public string Detail
    {
        get => _entry.Detail;
        set => _entry.Detail = value;
    }

    /// <summary>Who asked for what, and why: for the file that he gets.</summary>
    public string Asked => Pcap.SectionComment.Asked(_entry.Filter, Caller.Name, _entry.Reason);

    /// <summary>The request that a context belongs to.</summary>
    public static AccessRequest Of(HttpContext context) =>
        (AccessRequest?)context.Items[typeof(AccessRequest)] ?? throw new InvalidOperationException("nobody was asked who he is");

    /// <exception cref="AccessRefusedException">The caller has a smaller role.</exception>
    public void Require(Role role, string what)
    {
        if (Caller.Role < role)
        {
            throw new AccessRefusedException($"{what} needs the role {role.ToString().ToLowerInvariant()}; this token's is {Caller.Role.ToString().ToLowerInvariant()}");
        }
    }

    /// <summary>For answers that no filter can be added to.</summary>
    /// <exception cref="AccessRefusedException">The caller may see a part only.</exception>
    public void RequireEverything(string what)
    {
        if (Caller.Filter is not null)
        {
            throw new AccessRefusedException($"{what} tells of the whole store, and this token may see a part of it");
        }
    }

    /// <exception cref="AccessRefusedException">The caller may not have TLS secrets, or does not say why.</exception>
    public void RequireKeys()
    {
        if (Caller.Role < Role.Keyholder)
        {
            throw new AccessRefusedException(
                $"TLS secrets need the role keyholder, and this token's is {Caller.Role.ToString().ToLowerInvariant()}: ask for the file without them (keys=false, --no-keys)");
        }

        if (string.IsNullOrWhiteSpace(_entry.Reason))
        {
            throw new AccessRefusedException("TLS secrets need a reason, which is recorded: add reason=…, or --reason TEXT");
        }
    }

    /// <summary>What the caller asked for, as far as he may see it.</summary>
    /// <exception cref="AccessRefusedException">He may not ask for that.</exception>
    public EventFilter Restrict(EventFilter filter)
    {
        if (filter.UsesPayload)
        {
            Require(Role.Analyst, "searching in what was said (text, data, sql, command)");
        }

        // Secrets that were kept open on purpose: a search that says whether they match would give them away piece by piece.
        if (filter.UsesPayload && filter.Topics.Contains(Topics.Secret))
        {
            Require(Role.Keyholder, "searching in TLS secrets");
        }

        return filter with { Expression = FilterExpression.Both(filter.Expression, Caller.Filter) };
    }

    /// <summary>Records that the caller gets what he asked for; nothing may leave before.</summary>
    /// <exception cref="Log.LogException">It is not on record.</exception>
    public Task GrantAsync(ulong keys, CancellationToken cancellationToken) =>
        AppendAsync(Access.Types.Outcome.Granted, entry => entry.Keys = keys, cancellationToken);

    /// <summary>Records how much it was.</summary>
    /// <exception cref="Log.LogException">It is not on record.</exception>
    public Task CompleteAsync(long rows, long bytes, long keys) =>
        AppendAsync(
            Access.Types.Outcome.Completed,
            entry =>
            {
                entry.Rows = (ulong)rows;
                entry.Bytes = (ulong)bytes;
                entry.Keys = (ulong)keys;
            },
            CancellationToken.None);

    /// <summary>Records that the caller did not get it.</summary>
    /// <exception cref="Log.LogException">It is not on record.</exception>
    public Task RefuseAsync(string why, CancellationToken cancellationToken) =>
        AppendAsync(Access.Types.Outcome.Refused, entry => entry.Detail = why, cancellationToken);

    private Task AppendAsync(Access.Types.Outcome outcome, Action<Access> fill, CancellationToken cancellationToken)
    {
        Access entry = _entry.Clone();
        entry.Outcome = outcome;
        fill(entry);
        return _journal?.AppendAsync(entry, cancellationToken) ?? Task.CompletedTask;
    }
}
