namespace ECapture.Policies;

/// <summary>A rule that says which bytes of a payload are overwritten before they reach the local log.</summary>
/// <param name="Name">Of the named rule, or as the user calls his own; written into the events.</param>
/// <param name="Pattern">The user's regular expression; null: the named rule of <see cref="Names"/>.</param>
public sealed record RedactionRule(string Name, string? Pattern = null)
{
    /// <summary>Payment card numbers: 13 to 19 digits that satisfy Luhn's check.</summary>
    public const string CardNumber = "card-number";

    /// <summary>Credentials in Authorization headers (Bearer, Basic …), and bearer tokens elsewhere.</summary>
    public const string BearerToken = "bearer-token";

    /// <summary>Values of Cookie and Set-Cookie headers.</summary>
    public const string Cookie = "cookie";

    /// <summary>Passwords in SQL and connection strings.</summary>
    public const string SqlPassword = "sql-password";

    /// <summary>Passwords in shell lines and in the arguments of programs.</summary>
    public const string ShellPassword = "shell-password";

    /// <summary>The named rules.</summary>
    public static IReadOnlyList<string> Names { get; } = [CardNumber, BearerToken, Cookie, SqlPassword, ShellPassword];

    /// <inheritdoc/>
    public override string ToString() => Pattern is null ? Name : $"{Name} (/{Pattern}/)";
}
