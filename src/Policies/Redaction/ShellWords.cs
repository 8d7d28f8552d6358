namespace ECapture.Policies.Redaction;

/// <summary>A word of a shell line, as it stands there: with its quotes.</summary>
/// <param name="Start">Its first character.</param>
/// <param name="End">Behind its last.</param>
/// <param name="IsSeparator">True for what ends a command: ; | &amp; ( ) and the end of a line.</param>
internal readonly record struct ShellWord(int Start, int End, bool IsSeparator);

/// <summary>Splits a line into words as a shell does (POSIX.1-2017, 2.3), without expanding anything.</summary>
internal ref struct ShellWords(ReadOnlySpan<char> text, int at)
{
    private readonly ReadOnlySpan<char> _text = text;
    private int _at = at;

    internal bool TryNext(out ShellWord word)
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t')
        {
            _at++;
        }

        word = default;
        if (_at >= _text.Length)
        {
            return false;
        }

        int start = _at;
        if (IsSeparator(_text[_at]))
        {
            _at++;
            word = new ShellWord(start, _at, true);
            return true;
        }

        char quote = '\0';
        for (; _at < _text.Length; _at++)
        {
            char c = _text[_at];
            if (quote != '\'' && c == '\\' && _at + 1 < _text.Length)
            {
                _at++;
            }
            else if (quote != '\0')
            {
                quote = c == quote ? '\0' : quote;
            }
            else if (c is '\'' or '"')
            {
                quote = c;
            }
            else if (c is ' ' or '\t' || IsSeparator(c))
            {
                break;
            }
        }

        _at = Math.Min(_at, _text.Length);
        word = new ShellWord(start, _at, false);
        return true;
    }

    private static bool IsSeparator(char c) => c is ';' or '|' or '&' or '(' or ')' or '\n' or '\r' or '\0' or '`';
}
