using System.Text;
using ECapture.Protocols.Sql;

namespace ECapture.Protocols.Postgres;

/// <summary>Knows prepared statements and portals, and makes statements of answered requests.</summary>
internal sealed class StatementMaker(PostgresLimits limits, Action<PostgresStatement> publish)
{
    private readonly NamedRequests _statements = new(limits.Names, limits.Memory);
    private readonly NamedRequests _portals = new(limits.Names, limits.Memory);
    private PostgresStatement? _held;

    /// <summary>The server did what a Parse, Bind or Close asked for.</summary>
    internal void Apply(Request request)
    {
        switch (request.Kind)
        {
            case RequestKind.Parse:
                _statements.Set(request.Name, request);
                break;
            case RequestKind.Bind:
                _ = _statements.TryGet(request.Name, out Request? statement);
                _portals.Set(request.Portal, new Request(RequestKind.Bind, request.ArrivedNs)
                {
                    Name = request.Name,
                    Text = statement?.Text ?? [], // a portal outlives its statement
                    Types = statement?.Types ?? [],
                    Parameters = request.Parameters,
                    OriginalLength = request.OriginalLength + (statement?.OriginalLength ?? 0),
                    IsCut = request.IsCut || statement is { IsCut: true },
                    Size = request.Size + (statement?.Size ?? 0),
                });
                break;
            case RequestKind.CloseStatement:
                _statements.Remove(request.Name);
                break;
            case RequestKind.ClosePortal:
                _portals.Remove(request.Name);
                break;
            default:
                break;
        }
    }

    /// <summary>The server said which types a statement's parameters have.</summary>
    internal void Describe(string name, uint[] types)
    {
        if (_statements.TryGet(name, out Request? statement))
        {
            statement.Types = types;
        }
    }

    /// <summary>Keeps a completed Execute until it is known whether the commit of its Sync went through.</summary>
    internal void Hold(Request request, SqlOutcome outcome, ulong bootNs, byte[] application)
    {
        Release();
        _held = Make(request, outcome, bootNs, application);
    }

    /// <summary>Publishes what was held.</summary>
    internal void Release()
    {
        if (_held is { } held)
        {
            _held = null;
            publish(held);
        }
    }

    /// <summary>The commit failed.</summary>
    internal void FailHeld(string code, byte[] message, ulong bootNs)
    {
        if (_held is { } held)
        {
            _held = null;
            publish(new PostgresStatement
            {
                Kind = held.Kind,
                Text = held.Text,
                Name = held.Name,
                Parameters = held.Parameters,
                OriginalLength = held.OriginalLength,
                Tag = default,
                Rows = null,
                Outcome = SqlOutcome.Failed,
                ErrorCode = code,
                ErrorMessage = message,
                ArrivedNs = held.ArrivedNs,
                DurationNs = Since(held.ArrivedNs, bootNs),
                Application = held.Application,
            });
        }
    }

    /// <summary>Publishes a request with its answer.</summary>
    internal void Publish(Request request, SqlOutcome outcome, ulong bootNs, byte[] application) =>
        publish(Make(request, outcome, bootNs, application));

    private PostgresStatement Make(Request request, SqlOutcome outcome, ulong bootNs, byte[] application)
    {
        Request source = Resolve(request, out string name);
        SqlParameter[] parameters = new SqlParameter[source.Parameters.Length];
        for (int i = 0; i < parameters.Length; i++)
        {
            parameters[i] = source.Parameters[i] with { Type = i < source.Types.Length ? source.Types[i] : 0 };
        }

        bool failed = outcome == SqlOutcome.Failed;
        return new PostgresStatement
        {
            Kind = request.Kind switch
            {
                RequestKind.Query => PostgresStatementKind.Simple,
                RequestKind.Function => PostgresStatementKind.Function,
                _ => PostgresStatementKind.Extended,
            },
            Text = source.Text,
            Name = Encoding.Latin1.GetBytes(name),
            Parameters = parameters,
            OriginalLength = source.IsCut ? source.OriginalLength : 0,
            Tag = failed ? [] : request.Tag,
            Rows = failed ? null : request.Rows,
            Outcome = outcome,
            ErrorCode = request.ErrorCode,
            ErrorMessage = request.ErrorMessage,
            ArrivedNs = request.ArrivedNs,
            DurationNs = Since(request.ArrivedNs, bootNs),
            Application = application,
        };
    }

    // What a request runs: its own text, or that of the portal or statement it names.
    private Request Resolve(Request request, out string name)
    {
        name = request.Kind == RequestKind.Parse ? request.Name : "";
        switch (request.Kind)
        {
            case RequestKind.Execute or RequestKind.DescribePortal or RequestKind.ClosePortal:
                if (_portals.TryGet(request.Name, out Request? portal))
                {
                    name = portal.Name;
                    return portal;
                }

                return request;
            case RequestKind.DescribeStatement or RequestKind.CloseStatement:
                name = request.Name;
                return _statements.TryGet(name, out Request? described) ? described : request;
            case RequestKind.Bind:
                name = request.Name;
                return _statements.TryGet(name, out Request? bound)
                    ? new Request(RequestKind.Bind, request.ArrivedNs)
                    {
                        Text = bound.Text,
                        Types = bound.Types,
                        Parameters = request.Parameters,
                        OriginalLength = bound.OriginalLength + request.OriginalLength,
                        IsCut = bound.IsCut || request.IsCut,
                    }
                    : request;
            default:
                return request;
        }
    }

    private static ulong Since(ulong from, ulong to) => to > from ? to - from : 0;
}
