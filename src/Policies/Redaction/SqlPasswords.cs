using System.Buffers;

namespace ECapture.Policies.Redaction;

/// <summary>
/// Passwords in SQL: the literal behind the word PASSWORD (CREATE and ALTER ROLE and USER of PostgreSQL, SET PASSWORD and OPTIONS, columns of that name) and
/// behind IDENTIFIED … BY, AS or USING (MariaDB, MySQL); <c>password=…</c> and <c>pwd=…</c> of connection strings, and user:password@ of URIs. A literal
/// without an end reaches to the end of the text. A backslash is taken as an escape everywhere: too much rather than too little.
/// </summary>
internal sealed class SqlPasswords : Matcher
{
    private const int LongestAccount = 256; // of SET PASSWORD FOR …
    private const int MostTokens = 16;
    private const string Password = "password";
    private const string Identified = "identified";

    private static readonly string[] s_words = [Password, "passwd", "pwd", Identified, UriPasswords.Trigger];
    private static readonly SearchValues<string> s_search = SearchValues.Create(s_words, StringComparison.OrdinalIgnoreCase);

    internal override int Find(ReadOnlySpan<char> text, TextShape shape, MatchList matches)
    {
        int open = OpenWord(text, s_words);
        int at = 0;
        while (Next(text, at, s_search) is >= 0 and int found)
        {
            if (text[found..].StartsWith(UriPasswords.Trigger, StringComparison.Ordinal))
            {
                at = UriPasswords.Find(text, found, matches, ref open);
                continue;
            }

            bool isIdentified = text[found..].StartsWith(Identified, StringComparison.OrdinalIgnoreCase);
            int end = found;
            while (end < text.Length && IsWord(text[end]))
            {
                end++;
            }

            SqlCursor cursor = new(text, end);
            at = isIdentified ? FindIdentified(ref cursor, matches) : FindAssigned(text, found, ref cursor, matches);
            if (cursor.IsAtEnd)
            {
                open = Math.Min(open, found);
            }

            at = Math.Max(at, found + 1);
        }

        return open;
    }

    // password 'x', password = 'x', password=x, "password": "x", password = crypt('x', …), set password for u = 'x'
    private static int FindAssigned(ReadOnlySpan<char> text, int found, ref SqlCursor cursor, MatchList matches)
    {
        int wordEnd = cursor.At;
        ReadOnlySpan<char> word = text[found..wordEnd];
        if (!word.Equals(Password, StringComparison.OrdinalIgnoreCase) && !word.Equals("passwd", StringComparison.OrdinalIgnoreCase)
            && !word.Equals("pwd", StringComparison.OrdinalIgnoreCase))
        {
            return wordEnd; // password_hash and the like
        }

        if (wordEnd < text.Length && text[wordEnd] == '\'' && found > 0 && (IsWord(text[found - 1]) || text[found - 1] == '\''))
        {
            // The end of a literal: 'mysql_native_password', 'password'. What follows it is a value only if it is assigned: {'password': 'x'}.
            int next = wordEnd + 1;
            while (next < text.Length && IsSpace(text[next]))
            {
                next++;
            }

            if (next >= text.Length || text[next] is not (':' or '='))
            {
                return wordEnd + 1;
            }

            cursor = new SqlCursor(text, next);
        }

        cursor.SkipIdentifierQuote();
        if (cursor.TryUnquotedAssignment(out int start, out int end))
        {
            matches.Add(start, end);
            return end;
        }

        cursor.SkipSpace();
        if (cursor.TryWord("for"))
        {
            cursor.SkipTo('=', LongestAccount);
        }

        cursor.SkipAssignment();
        for (int depth = 0; depth < 4 && cursor.TryCall(); depth++)
        {
            // crypt(, PASSWORD(, sha2( …: what is hashed is the password.
        }

        if (cursor.TryLiteral(out start, out end))
        {
            matches.Add(start, end);
            return cursor.At;
        }

        return cursor.At; // not from the word again: a comment without an end would be read once for each
    }

    // identified [with plugin] by [password] 'x' [replace 'y'], identified via plugin using password('x') or …
    private static int FindIdentified(ref SqlCursor cursor, MatchList matches)
    {
        bool isSecret = false;
        bool isPlugin = false;
        for (int token = 0; token < MostTokens; token++)
        {
            cursor.SkipSpace();
            if (cursor.TryLiteral(out int start, out int end))
            {
                if (isSecret && !isPlugin)
                {
                    matches.Add(start, end);
                }

                isPlugin = false;
            }
            else if (cursor.TryAny("by", "as", "using", Password, "replace"))
            {
                isSecret = true;
                isPlugin = false;
            }
            else if (cursor.TryAny("with", "via", "or", "and"))
            {
                isSecret = false;
                isPlugin = true;
            }
            else if (isPlugin && cursor.TryIdentifier())
            {
                isPlugin = false;
            }
            else if (!cursor.TryParenthesis())
            {
                break;
            }
        }

        return cursor.At;
    }
}
