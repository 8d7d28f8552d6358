namespace ECapture.Policies.Redaction;

/// <summary>What is known of the command that a shell line has come to: which program, and whether the next word is a password.</summary>
internal struct ShellCommandRules
{
    private Program _program;
    private Next _next;

    [Flags]
    private enum Program
    {
        None = 0,
        MySql = 1, // -pSECRET
        Curl = 2, // -u user:SECRET, -b name=SECRET
        Sshpass = 4, // -p SECRET, -pSECRET
        Ldap = 8, // -w SECRET
        Redis = 16, // -a SECRET
        ShortPassword = 32, // -p SECRET: mongo, docker login …
    }

    private enum Next
    {
        Word,
        Secret,
        UserAndSecret,
        Cookies,
    }

    /// <summary>Looks at the next word.</summary>
    internal void Look(ReadOnlySpan<char> text, ShellWord word, MatchList matches)
    {
        if (word.End - word.Start > 1 && text[word.Start] is '"' or '\'' && text[word.Start + 1] == '-')
        {
            word = word with { Start = word.Start + 1 }; // mysql '-psecret'
        }

        ReadOnlySpan<char> raw = text[word.Start..word.End];
        Next next = _next;
        _next = Next.Word;
        bool isOption = raw.StartsWith("-", StringComparison.Ordinal);
        if (next == Next.Secret && !isOption)
        {
            matches.Add(word.Start, word.End);
        }
        else if (next == Next.UserAndSecret)
        {
            AddBehind(':', text, word.Start, word.End, matches);
        }
        else if (next == Next.Cookies)
        {
            AddBehind('=', text, word.Start, word.End, matches);
        }
        else if (isOption)
        {
            LookAtOption(text, word, raw, matches);
        }
        else if (Assignment(raw) is >= 0 and int equals && SecretNames.IsVariable(raw[..equals]))
        {
            matches.Add(word.Start + equals + 1, word.End);
        }
        else if (raw.StartsWith("pass:", StringComparison.Ordinal))
        {
            matches.Add(word.Start + "pass:".Length, word.End); // openssl -passin pass:SECRET
        }
        else
        {
            _program = (_program & ~Program.Sshpass) | ProgramOf(raw); // what sshpass runs has options of its own
        }
    }

    private void LookAtOption(ReadOnlySpan<char> text, ShellWord word, ReadOnlySpan<char> raw, MatchList matches)
    {
        if (_program.HasFlag(Program.MySql) && IsShort(raw, 'p', out int value) && raw.Length > 2)
        {
            matches.Add(word.Start + value, word.End);
        }
        else if (_program.HasFlag(Program.Curl) && (IsShort(raw, 'u', out value) || IsShort(raw, 'U', out value)
            || IsLong(raw, "--user", out value) || IsLong(raw, "--proxy-user", out value)))
        {
            _next = value >= raw.Length ? Next.UserAndSecret : Next.Word;
            AddBehind(':', text, word.Start + Math.Min(value, raw.Length), word.End, matches);
        }
        else if (_program.HasFlag(Program.Curl) && (IsShort(raw, 'b', out value) || IsLong(raw, "--cookie", out value)))
        {
            _next = value >= raw.Length ? Next.Cookies : Next.Word;
            AddBehind('=', text, word.Start + Math.Min(value, raw.Length), word.End, matches);
        }
        else if ((_program.HasFlag(Program.Sshpass) && IsShort(raw, 'p', out value)) || (_program.HasFlag(Program.Ldap) && IsShort(raw, 'w', out value))
            || (_program.HasFlag(Program.Redis) && IsShort(raw, 'a', out value)) || (_program.HasFlag(Program.ShortPassword) && IsShort(raw, 'p', out value)))
        {
            _next = value >= raw.Length ? Next.Secret : Next.Word;
            matches.Add(word.Start + value, word.End);
        }
        else
        {
            int equals = raw.IndexOf('=');
            if (SecretNames.IsOption(equals < 0 ? raw : raw[..equals]))
            {
                _next = equals < 0 ? Next.Secret : Next.Word;
                matches.Add(word.Start + (equals < 0 ? raw.Length : equals + 1), word.End);
            }
        }
    }

    private static bool IsShort(ReadOnlySpan<char> raw, char letter, out int value)
    {
        value = 2;
        return raw.Length >= 2 && raw[0] == '-' && raw[1] == letter;
    }

    private static bool IsLong(ReadOnlySpan<char> raw, string name, out int value)
    {
        value = Math.Min(raw.Length, name.Length + 1);
        return raw.StartsWith(name, StringComparison.Ordinal) && (raw.Length == name.Length || raw[name.Length] == '=');
    }

    private static void AddBehind(char mark, ReadOnlySpan<char> text, int start, int end, MatchList matches)
    {
        int found = text[start..end].IndexOf(mark);
        if (found >= 0)
        {
            matches.Add(start + found + 1, end);
        }
    }

    // Index of the = of NAME=value; -1: it is none.
    private static int Assignment(ReadOnlySpan<char> raw)
    {
        int equals = raw.IndexOf('=');
        for (int i = 0; i < equals; i++)
        {
            // With a quote in front ("export 'A=b'"), and as PowerShell or make write it.
            if (!char.IsAsciiLetterOrDigit(raw[i]) && raw[i] is not ('_' or '.' or '-' or '\'' or '"' or '+' or ':' or '$'))
            {
                return -1;
            }
        }

        return equals;
    }

    private static Program ProgramOf(ReadOnlySpan<char> raw)
    {
        ReadOnlySpan<char> name = raw.Trim("'\"");
        name = name[(name.LastIndexOf('/') + 1)..];
        return name switch
        {
            "curl" => Program.Curl,
            "sshpass" => Program.Sshpass,
            "redis-cli" => Program.Redis,
            "mongo" or "mongosh" or "mongodump" or "mongorestore" or "mongoexport" or "mongoimport" or "login" => Program.ShortPassword,
            _ when name.StartsWith("mysql", StringComparison.Ordinal) || name.StartsWith("mariadb", StringComparison.Ordinal) => Program.MySql,
            _ when name.StartsWith("ldap", StringComparison.Ordinal) => Program.Ldap,
            _ => Program.None,
        };
    }
}
