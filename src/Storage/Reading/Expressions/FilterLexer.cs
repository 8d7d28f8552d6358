namespace ECapture.Storage.Reading.Expressions;

/// <summary>Cuts an expression into tokens.</summary>
internal sealed class FilterLexer(string text)
{
    private static readonly string[] s_symbols = ["==", "!=", "<=", ">=", "=~", "!~", "&&", "||", "<", ">", "~", "(", ")", ",", "!"];

    private int _at;

    public FilterToken Next()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }

        int start = _at;
        if (start == text.Length)
        {
            return new FilterToken(TokenKind.End, "", start + 1);
        }

        char first = text[start];
        if (first is '"' or '\'')
        {
            return new FilterToken(TokenKind.Quoted, Quoted(first), start + 1);
        }

        foreach (string symbol in s_symbols)
        {
            if (string.CompareOrdinal(text, start, symbol, 0, symbol.Length) == 0)
            {
                _at += symbol.Length;
                return new FilterToken(TokenKind.Symbol, symbol, start + 1);
            }
        }

        while (_at < text.Length && IsWordCharacter(text[_at]))
        {
            _at++;
        }

        if (_at > start)
        {
            return new FilterToken(TokenKind.Word, text[start.._at], start + 1);
        }

        throw new FilterSyntaxException(start + 1, first == '='
            ? "'=' is no operator; equality is '=='"
            : $"'{(char.IsControl(first) || char.IsSurrogate(first) ? $"\\u{(int)first:x4}" : first)}' has no meaning here; texts stand in quotes");
    }

    private static bool IsWordCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or ':' or '/' or '-' or '+' or '%' or '@';

    // What stands between the quotes, its escapes as they are: texts and patterns have their own.
    private string Quoted(char quote)
    {
        int start = _at++;
        while (_at < text.Length && text[_at] != quote)
        {
            _at += text[_at] == '\\' ? 2 : 1;
        }

        if (_at >= text.Length)
        {
            throw new FilterSyntaxException(start + 1, $"the text that begins here has no closing {quote}");
        }

        return text[(start + 1).._at++];
    }
}
