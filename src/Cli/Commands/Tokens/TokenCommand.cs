using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ECapture.Cli.Admin;
using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Query.Callers;
using ECapture.Query.Requests;

namespace ECapture.Cli.Commands.Tokens;

/// <summary><c>ecapture token …</c>: who may ask a query service.</summary>
internal static class TokenCommand
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(3660);
    private static readonly Argument<string> s_name = new("name") { Description = "whose token it is; the access record shows it" };
    private static readonly Option<string?> s_role = CommonOptions.Text("role", "ROLE", "viewer (who spoke), analyst (what was said), keyholder (TLS secrets) or admin");
    private static readonly Option<string?> s_expires = CommonOptions.Text("expires", "TIME", "how long it counts, such as 12h or 30d (default 90d)");
    private static readonly Option<string?> s_filter = CommonOptions.Text("filter", "EXPRESSION", "filter expression that is added to whatever is asked with it");
    private static readonly Option<bool> s_json = CommonOptions.Switch("json", "print the tokens as JSON");
    private static readonly JsonSerializerOptions s_format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    internal static Command Create()
    {
        Command create = CommandRunner.Create(
            "create",
            "Make a token and show it, once: only its SHA-256 is kept. The service takes it at once.",
            [
                "sudo ecapture token create ann --role analyst --expires 30d",
                "sudo ecapture token create shop-team --role viewer --filter 'host == \"shop1\" or host == \"shop2\"'",
            ],
            [s_role, s_expires, s_filter, CommonOptions.Data],
            RunCreateAsync);
        create.Arguments.Add(s_name);
        Command revoke = CommandRunner.Create(
            "revoke",
            "Refuse a token from the next request on.",
            ["sudo ecapture token revoke ann"],
            [CommonOptions.Data],
            RunRevokeAsync);
        revoke.Arguments.Add(s_name);
        Command list = CommandRunner.Create(
            "list",
            "List the tokens: whose, which role, until when, with which filter.",
            ["sudo ecapture token list"],
            [s_json, CommonOptions.Data],
            RunListAsync);
        return CommandRunner.CreateGroup("token", "Make, list and revoke the tokens of a query service that others reach over TLS.", create, list, revoke);
    }

    private static async Task<int> RunCreateAsync(OptionReader options, CancellationToken cancellationToken)
    {
        string roleName = options.Choice(s_role, "", "viewer", "analyst", "keyholder", "admin");
        string life = options.Find(s_expires) ?? "90d";
        if (!TimeText.TryParseDuration(life, out long nanoseconds) || nanoseconds / 100 > s_longest.Ticks)
        {
            throw new UsageException($"{s_expires.Name}: '{life}' is no length of time up to ten years: a number and s, m, h, d or w, such as 30d");
        }

        string name = options.Argument(s_name);
        TokenFile file = FileOf(options);
        await RecordOperation.RecordAsync(options, "token.create", name, $"role {roleName}, for {life}{(options.Find(s_filter) is { } filter ? $", filter {filter}" : "")}", cancellationToken);
        string token = file.Create(
            name, Enum.Parse<Role>(roleName, ignoreCase: true), DateTimeOffset.UtcNow, TimeSpan.FromTicks(nanoseconds / 100), options.Find(s_filter));
        Console.WriteLine(token);
        Console.Error.WriteLine($"the token of {name}: keep it now, it is shown once. Commands take it from ECAPTURE_TOKEN or a file that ECAPTURE_TOKEN_FILE names");
        return ExitCode.Ok;
    }

    private static async Task<int> RunRevokeAsync(OptionReader options, CancellationToken cancellationToken)
    {
        string name = options.Argument(s_name);
        TokenFile file = FileOf(options);
        await RecordOperation.RecordAsync(options, "token.revoke", name, null, cancellationToken);
        file.Revoke(name, DateTimeOffset.UtcNow);
        Console.WriteLine($"the token of {name} is refused from now on");
        return ExitCode.Ok;
    }

    private static Task<int> RunListAsync(OptionReader options, CancellationToken cancellationToken)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        IReadOnlyList<AccessToken> tokens = FileOf(options).Read();
        if (options.IsSet(s_json))
        {
            Console.WriteLine(JsonSerializer.Serialize(
                tokens.Select(t => new { t.Name, Role = t.Role.ToString().ToLowerInvariant(), t.Created, t.Expires, t.Filter, t.Revoked, Counts = t.RefusedAt(now) is null }), s_format));
            return Task.FromResult(ExitCode.Ok);
        }

        foreach (AccessToken token in tokens)
        {
            string state = token.Revoked is { } revoked ? string.Create(CultureInfo.InvariantCulture, $"revoked {revoked:u}")
                : string.Create(CultureInfo.InvariantCulture, $"{(now < token.Expires ? "until" : "expired")} {token.Expires:u}");
            Console.WriteLine($"{token.Name}  {token.Role.ToString().ToLowerInvariant()}  {state}{(token.Filter is null ? "" : $"  {token.Filter}")}");
        }

        if (tokens.Count == 0)
        {
            Console.WriteLine("no tokens");
        }

        return Task.FromResult(ExitCode.Ok);
    }

    private static TokenFile FileOf(OptionReader options)
    {
        DataDirectory data = Composition.DataOf(options);
        return Directory.Exists(data.Root)
            ? new TokenFile(data.Tokens)
            : throw new UsageException($"there is no data directory {data.Root}: name the service's with --data");
    }
}
