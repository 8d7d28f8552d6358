namespace ECapture.Policies.Redaction;

/// <summary>Knows the names of options and variables that hold passwords.</summary>
internal static class SecretNames
{
    private static readonly string[] s_words =
        ["password", "passwd", "passphrase", "passwort", "pass", "secret", "token", "apikey", "credential", "credentials", "auth"];

    private static readonly string[] s_pairs =
        ["api_key", "access_key", "private_key", "secret_key", "account_key", "auth_key", "encryption_key", "signing_key", "key_base"];

    /// <summary>True for <c>--password</c>, <c>--db-password</c>, <c>-token</c>; not for <c>--password-file</c> and <c>--no-password</c>.</summary>
    internal static bool IsOption(ReadOnlySpan<char> option)
    {
        ReadOnlySpan<char> name = option.TrimStart('-');
        return option.StartsWith("-", StringComparison.Ordinal) && name.Length > 3 && !name.StartsWith("no-", StringComparison.Ordinal)
            && !name.Equals("auth", StringComparison.OrdinalIgnoreCase) && EndsWithSecret(name);
    }

    /// <summary>True for <c>PGPASSWORD</c>, <c>MYSQL_PWD</c>, <c>GITHUB_TOKEN</c>, <c>AWS_SECRET_ACCESS_KEY</c>; not for <c>PWD</c> and <c>TOKEN_FILE</c>.</summary>
    internal static bool IsVariable(ReadOnlySpan<char> variable)
    {
        ReadOnlySpan<char> name = variable.Trim("'\"+:$");
        return name.Length > 3
            && (EndsWithSecret(name) || name.EndsWith("_pwd", StringComparison.OrdinalIgnoreCase));
    }

    // Its last word is one of those that mean a secret. PGPASSWORD has no border: the long words count also without one.
    private static bool EndsWithSecret(ReadOnlySpan<char> name)
    {
        foreach (string word in s_words)
        {
            if (name.EndsWith(word, StringComparison.OrdinalIgnoreCase)
                && (word.Length > 5 || name.Length == word.Length || !char.IsAsciiLetter(name[^(word.Length + 1)])))
            {
                return true;
            }
        }

        foreach (string pair in s_pairs)
        {
            if (EndsWithPair(name, pair))
            {
                return true;
            }
        }

        return false;
    }

    private static bool EndsWithPair(ReadOnlySpan<char> name, ReadOnlySpan<char> pair)
    {
        if (name.Length < pair.Length)
        {
            return false;
        }

        ReadOnlySpan<char> end = name[^pair.Length..];
        for (int i = 0; i < pair.Length; i++)
        {
            char c = end[i] is '-' or '.' ? '_' : char.ToLowerInvariant(end[i]);
            if (c != pair[i])
            {
                return false;
            }
        }

        return true;
    }
}
