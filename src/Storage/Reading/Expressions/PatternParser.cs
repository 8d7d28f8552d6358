using System.Globalization;
using System.Text;

namespace ECapture.Storage.Reading.Expressions;

/// <summary>
/// Reads the subset of regular expressions that <c>=~</c> has: literals, <c>.</c> (not a line feed), <c>[a-z]</c>, <c>[^a-z]</c>, <c>\d \w \s \D \W \S</c> (ASCII), groups, <c>|</c>,
/// <c>* + ? {m} {m,} {m,n}</c>, <c>^ $</c> (begin and end of the value), <c>\n \r \t \xHH</c> (a code point up to FF), and <c>(?i)</c> at the very begin (ASCII letters).
/// </summary>
internal sealed class PatternParser
{
    private const int MaximumLength = 1000;
    private const int MaximumRepeat = 100;
    private const int MaximumSize = 2000;
    private const int MaximumDepth = 20;

    private readonly string _text;
    private readonly int _column;
    private readonly bool _ignoreCase;
    private int _at;
    private int _depth;

    private PatternParser(string text, int column)
    {
        _text = text;
        _column = column;
        if (text.StartsWith("(?i)", StringComparison.Ordinal))
        {
            _ignoreCase = true;
            _at = 4;
        }
    }

    /// <param name="text">The pattern.</param>
    /// <param name="column">Column of its first character in the filter.</param>
    public static Pattern Parse(string text, int column)
    {
        if (text.Length is 0 or > MaximumLength)
        {
            throw new FilterSyntaxException(column, $"a pattern has 1 to {MaximumLength} characters");
        }

        var parser = new PatternParser(text, column);
        (Pattern pattern, _) = parser.ReadAlternatives();
        return parser._at == text.Length ? pattern : throw parser.Error("')' closes nothing; a parenthesis itself is '\\)'");
    }

    // Each comes with its size when repetitions are written out: the stores build automata of that order.
    private (Pattern Pattern, int Size) ReadAlternatives()
    {
        List<Pattern> parts = [];
        int size = 0;
        while (true)
        {
            (Pattern part, int partSize) = ReadSequence();
            parts.Add(part);
            size += partSize;
            if (_at == _text.Length || _text[_at] != '|')
            {
                return (parts.Count == 1 ? parts[0] : new Pattern.Alternatives(parts), size);
            }

            _at++;
        }
    }

    private (Pattern Pattern, int Size) ReadSequence()
    {
        List<Pattern> parts = [];
        int size = 1;
        while (_at < _text.Length && _text[_at] is not ('|' or ')'))
        {
            int start = _at;
            (Pattern part, int partSize) = ReadAtom();
            if (_at < _text.Length && _text[_at] is '*' or '+' or '?' or '{')
            {
                if (part is Pattern.Start or Pattern.End)
                {
                    throw Error("an anchor cannot be repeated");
                }

                (int minimum, int? maximum) = ReadQuantifier();
                part = new Pattern.Repeat(part, minimum, maximum);
                partSize *= Math.Max(maximum ?? minimum, 1) + 1;
                if (_at < _text.Length && _text[_at] is '*' or '+' or '?' or '{')
                {
                    throw Error("two repetitions follow each other; group the first with ( )");
                }
            }

            parts.Add(part);
            size += partSize;
            if (size > MaximumSize)
            {
                throw Error(start, "the pattern is too large when its repetitions are written out");
            }
        }

        return (parts.Count == 1 ? parts[0] : new Pattern.Sequence(parts), size);
    }

    private (Pattern Pattern, int Size) ReadAtom()
    {
        char c = _text[_at];
        switch (c)
        {
            case '(':
                if (++_depth > MaximumDepth)
                {
                    throw Error($"groups nest at most {MaximumDepth} deep");
                }

                int open = _at++;
                if (_at < _text.Length && _text[_at] == '?')
                {
                    throw Error(open, "'(?' is not part of this subset, but for '(?i)' at the very begin");
                }

                (Pattern inner, int size) = ReadAlternatives();
                if (_at == _text.Length)
                {
                    throw Error(open, "the group that begins here does not end; a parenthesis itself is '\\('");
                }

                _at++;
                _depth--;
                return (new Pattern.Sequence([inner]), size);
            case '[':
                return (ReadClass(), 1);
            case '.':
                _at++;
                return (new Pattern.Set(CodePoints.Complement(CodePoints.LineFeed)), 1);
            case '^':
                _at++;
                return (new Pattern.Start(), 1);
            case '$':
                _at++;
                return (new Pattern.End(), 1);
            case '*' or '+' or '?' or '{':
                throw Error($"'{c}' repeats nothing; the character itself is '\\{c}'");
            default:
                return (Cased(c == '\\' ? ReadEscape() : ReadLiteral()), 1);
        }
    }

    private (int Minimum, int? Maximum) ReadQuantifier()
    {
        switch (_text[_at])
        {
            case '*':
                _at++;
                return (0, null);
            case '+':
                _at++;
                return (1, null);
            case '?':
                _at++;
                return (0, 1);
        }

        int start = _at;
        int end = _text.IndexOf('}', start);
        string[] bounds = end < 0 ? [] : _text[(start + 1)..end].Split(',');
        int? minimum = bounds.Length > 0 ? Bound(bounds[0]) : null;
        int? maximum = bounds.Length == 1 ? minimum : bounds is [_, { Length: > 0 } last] ? Bound(last) : null;
        bool isOpen = bounds is [_, ""];
        if (minimum is null || bounds.Length > 2 || (maximum is null && !isOpen) || maximum < minimum)
        {
            throw Error(start, $"a repetition is {{m}}, {{m,}} or {{m,n}} with numbers up to {MaximumRepeat}; the character itself is '\\{{'");
        }

        _at = end + 1;
        return (minimum.Value, isOpen ? null : maximum);
    }

    private static int? Bound(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= MaximumRepeat ? value : null;

    private Pattern.Set ReadClass()
    {
        int start = _at++;
        bool isNegated = _at < _text.Length && _text[_at] == '^';
        _at += isNegated ? 1 : 0;
        List<(int First, int Last)> ranges = [];
        while (_at < _text.Length && (_text[_at] != ']' || ranges.Count == 0))
        {
            List<(int First, int Last)> item = _text[_at] == '\\' ? ReadEscape() : ReadLiteral();
            bool isRange = _at + 1 < _text.Length && _text[_at] == '-' && _text[_at + 1] != ']';
            if (!isRange)
            {
                ranges.AddRange(item);
                continue;
            }

            int dash = _at++;
            List<(int First, int Last)> end = _text[_at] == '\\' ? ReadEscape() : ReadLiteral();
            if (item is not [var (first, sameFirst)] || end is not [var (last, sameLast)] || first != sameFirst || last != sameLast || first > last)
            {
                throw Error(dash, "a range goes from one character to a later one; '-' itself is '\\-'");
            }

            ranges.Add((first, last));
        }

        if (_at == _text.Length)
        {
            throw Error(start, "the class that begins here does not end; a bracket itself is '\\['");
        }

        _at++;
        Pattern.Set set = Cased(ranges);
        set = isNegated ? new Pattern.Set(CodePoints.Complement(set.Ranges)) : set;
        return set.Ranges.Count > 0 ? set : throw Error(start, "no character is in this class");
    }

    private List<(int First, int Last)> ReadLiteral()
    {
        if (!Rune.TryGetRuneAt(_text, _at, out Rune rune))
        {
            throw Error("half a character");
        }

        _at += rune.Utf16SequenceLength;
        return [(rune.Value, rune.Value)];
    }

    private List<(int First, int Last)> ReadEscape()
    {
        int start = _at++;
        if (_at == _text.Length)
        {
            throw Error(start, "a backslash at the end; the character itself is '\\\\'");
        }

        char c = _text[_at++];
        switch (c)
        {
            case 'd':
                return [.. CodePoints.Digits];
            case 'D':
                return CodePoints.Complement(CodePoints.Digits);
            case 'w':
                return [.. CodePoints.Words];
            case 'W':
                return CodePoints.Complement(CodePoints.Words);
            case 's':
                return [.. CodePoints.Spaces];
            case 'S':
                return CodePoints.Complement(CodePoints.Spaces);
            case 'n':
                return [('\n', '\n')];
            case 'r':
                return [('\r', '\r')];
            case 't':
                return [('\t', '\t')];
            case 'x' when _at + 2 <= _text.Length
                && int.TryParse(_text.AsSpan(_at, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value):
                _at += 2;
                return [(value, value)];
            default:
                return !char.IsAsciiLetterOrDigit(c) && char.IsAscii(c)
                    ? [(c, c)]
                    : throw Error(start, $"'\\{c}' is not part of this subset: \\d \\w \\s \\D \\W \\S \\n \\r \\t \\xHH, and a backslash before signs");
        }
    }

    private Pattern.Set Cased(IReadOnlyList<(int First, int Last)> ranges) =>
        new(_ignoreCase ? CodePoints.WithBothCases(ranges) : CodePoints.Normalise(ranges));

    private FilterSyntaxException Error(string message) => Error(_at, message);

    private FilterSyntaxException Error(int at, string message) => new(_column + at, message);
}
