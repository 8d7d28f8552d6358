namespace ECapture.Policies.Redaction;

/// <summary>Walks over the tokens of SQL that a password is found by.</summary>
internal ref struct SqlCursor(ReadOnlySpan<char> text, int at)
{
    private const int LongestTag = 64;
    private readonly ReadOnlySpan<char> _text = text;

    /// <summary>Where it is.</summary>
    internal int At { get; private set; } = at;

    /// <summary>True when it met the end of the text: more text could change what was found.</summary>
    internal bool IsAtEnd { get; private set; }

    private char Here => At < _text.Length ? _text[At] : End();

    /// <summary>Skips blanks, ends of lines and comments.</summary>
    internal void SkipSpace()
    {
        while (true)
        {
            if (char.IsWhiteSpace(Here))
            {
                At++;
            }
            else if (_text[Math.Min(At, _text.Length)..].StartsWith("/*", StringComparison.Ordinal))
            {
                SkipPast("*/");
            }
            else if (_text[Math.Min(At, _text.Length)..].StartsWith("--", StringComparison.Ordinal))
            {
                SkipPast("\n");
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>Skips what closes a quoted identifier: <c>"password"</c>, <c>`password`</c>; escaped in a text of JSON too.</summary>
    internal void SkipIdentifierQuote()
    {
        if (Here == '\\' && At + 1 < _text.Length && _text[At + 1] == '"')
        {
            At++;
        }

        if (Here is '"' or '`')
        {
            At++;
        }
    }

    /// <summary>Skips =, :=, =&gt;, : and what is blank around it.</summary>
    internal void SkipAssignment()
    {
        SkipSpace();
        while (Here is '=' or ':' or '>')
        {
            At++;
        }

        SkipSpace();
    }

    /// <summary>Takes a word when it stands here, whatever its case.</summary>
    internal bool TryWord(string word)
    {
        ReadOnlySpan<char> rest = _text[Math.Min(At, _text.Length)..];
        if (rest.Length <= word.Length && word.AsSpan().StartsWith(rest, StringComparison.OrdinalIgnoreCase))
        {
            IsAtEnd = true;
        }

        if (!rest.StartsWith(word, StringComparison.OrdinalIgnoreCase) || (rest.Length > word.Length && IsWord(rest[word.Length])))
        {
            return false;
        }

        At += word.Length;
        return true;
    }

    /// <summary>Takes any of the words.</summary>
    internal bool TryAny(params ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            if (TryWord(word))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes an identifier.</summary>
    internal bool TryIdentifier()
    {
        int start = At;
        while (IsWord(Here))
        {
            At++;
        }

        return At > start;
    }

    /// <summary>Takes an identifier with an opening parenthesis.</summary>
    internal bool TryCall()
    {
        int start = At;
        TryIdentifier();
        SkipSpace();
        if (Here != '(')
        {
            At = start;
            return false;
        }

        At++;
        SkipSpace();
        return true;
    }

    /// <summary>Takes a parenthesis.</summary>
    internal bool TryParenthesis()
    {
        if (Here is not ('(' or ')'))
        {
            return false;
        }

        At++;
        return true;
    }

    /// <summary>Goes behind the next such character.</summary>
    internal void SkipTo(char wanted, int most)
    {
        ReadOnlySpan<char> rest = _text[At..Math.Min(_text.Length, At + most)];
        int found = rest.IndexOf(wanted);
        if (found >= 0)
        {
            At += found;
        }
        else if (At + most >= _text.Length)
        {
            IsAtEnd = true;
        }
    }

    /// <summary><c>=value</c> of a connection string, right behind the word; not what a literal, a parameter or a call begins with.</summary>
    internal bool TryUnquotedAssignment(out int start, out int end)
    {
        (start, end) = (At + 1, At + 1);
        if (Here != '=' || At + 1 >= _text.Length)
        {
            IsAtEnd |= At + 1 >= _text.Length;
            return false;
        }

        // ''…'' or \'…\': a literal within a literal.
        ReadOnlySpan<char> rest = _text[start..];
        foreach (string quote in (ReadOnlySpan<string>)["''", "\\'", "\\\""])
        {
            if (rest.StartsWith(quote, StringComparison.Ordinal) && rest.Length > 2 && !char.IsWhiteSpace(rest[2]) && rest[2] is not (';' or ')' or ','))
            {
                start += quote.Length;
                int close = _text[start..].IndexOf(quote, StringComparison.Ordinal);
                IsAtEnd |= close < 0;
                end = close < 0 ? _text.Length : start + close;
                At = end;
                return end > start;
            }
        }

        if (rest[0] is '\'' or '"' or '$' or '?' or ':' or '@' or '(' or '=')
        {
            return false;
        }

        while (end < _text.Length && !char.IsWhiteSpace(_text[end]) && _text[end] is not (';' or '&' or '\'' or '"' or '`' or ')' or ',' or '\\' or '\0'))
        {
            if (_text[end] == '(')
            {
                return false; // a call
            }

            end++;
        }

        IsAtEnd |= end == _text.Length;
        At = end;
        return end > start;
    }

    /// <summary>A text literal: '…', "…", E'…', N'…', U&amp;'…', $tag$…$tag$. The range is what stands between the quotes.</summary>
    internal bool TryLiteral(out int start, out int end)
    {
        int at = At;
        if (Here is 'E' or 'e' or 'N' or 'n' or 'B' or 'b' or 'X' or 'x' && At + 1 < _text.Length && _text[At + 1] == '\'')
        {
            at++;
        }
        else if (Here is 'U' or 'u' && _text[At..].Length > 2 && _text[At + 1] == '&' && _text[At + 2] is '\'' or '"')
        {
            at += 2;
        }
        else if (Here == '\\' && At + 1 < _text.Length && _text[At + 1] is '"' or '\'')
        {
            return TryEscaped(out start, out end);
        }

        (start, end) = (at, at);
        if (at >= _text.Length)
        {
            return false;
        }

        if (_text[at] == '$')
        {
            return TryDollar(out start, out end);
        }

        if (_text[at] is not ('\'' or '"'))
        {
            return false;
        }

        char quote = _text[at];
        start = at + 1;
        for (int i = start; i < _text.Length; i++)
        {
            if (_text[i] == '\\')
            {
                i++;
            }
            else if (_text[i] == quote)
            {
                if (i + 1 >= _text.Length)
                {
                    IsAtEnd = true; // the next character may double it
                }
                else if (_text[i + 1] == quote)
                {
                    i++;
                    continue;
                }

                end = i;
                At = i + 1;
                return true;
            }
        }

        IsAtEnd = true;
        end = At = _text.Length;
        return true;
    }

    private bool TryEscaped(out int start, out int end)
    {
        start = At + 2;
        int close = _text[start..].IndexOf(_text.Slice(At, 2), StringComparison.Ordinal);
        IsAtEnd |= close < 0;
        end = close < 0 ? _text.Length : start + close;
        At = close < 0 ? end : end + 2;
        return true;
    }

    private bool TryDollar(out int start, out int end)
    {
        (start, end) = (At, At);
        int tagEnd = At + 1;
        while (tagEnd < _text.Length && tagEnd - At < LongestTag && IsWord(_text[tagEnd]))
        {
            tagEnd++;
        }

        if (tagEnd >= _text.Length)
        {
            IsAtEnd = true;
            return false;
        }

        if (_text[tagEnd] != '$')
        {
            return false;
        }

        ReadOnlySpan<char> tag = _text[At..(tagEnd + 1)];
        start = tagEnd + 1;
        int close = _text[start..].IndexOf(tag, StringComparison.Ordinal);
        IsAtEnd |= close < 0;
        end = close < 0 ? _text.Length : start + close;
        At = close < 0 ? end : end + tag.Length;
        return true;
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_' || c > 0x7F;

    private void SkipPast(string end)
    {
        int found = _text[At..].IndexOf(end, StringComparison.Ordinal);
        IsAtEnd |= found < 0;
        At = found < 0 ? _text.Length : At + found + end.Length;
    }

    private char End()
    {
        IsAtEnd = true;
        return '\0';
    }
}
