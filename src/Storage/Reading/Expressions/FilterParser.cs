using ECapture.Events;

namespace ECapture.Storage.Reading.Expressions;

/// <summary>
/// Recursive descent: or, and, not, parenthesis or comparison. Words of the language may be written in any case; <c>&amp;&amp;</c>, <c>||</c> and <c>!</c> are the same.
/// </summary>
internal sealed class FilterParser
{
    private const int MaximumDepth = 50;
    private const int MaximumComparisons = 200;

    private readonly FilterLexer _lexer;
    private FilterToken _token;
    private int _depth;
    private int _comparisons;

    public FilterParser(string text)
    {
        if (text.Length > FilterExpression.MaximumLength)
        {
            throw new FilterSyntaxException(FilterExpression.MaximumLength + 1, $"a filter has at most {FilterExpression.MaximumLength} characters");
        }

        _lexer = new FilterLexer(text);
        _token = _lexer.Next();
    }

    public FilterExpression Read()
    {
        FilterExpression expression = ReadOr();
        return _token.Kind == TokenKind.End
            ? expression
            : throw Error(_token, $"{_token.Shown} after a whole condition; join conditions with 'and' or 'or'");
    }

    private FilterExpression ReadOr()
    {
        List<FilterExpression> parts = [ReadAnd()];
        while (_token.IsWord("or") || _token.Is("||"))
        {
            Advance();
            parts.Add(ReadAnd());
        }

        return parts.Count == 1 ? parts[0] : new Disjunction(parts);
    }

    private FilterExpression ReadAnd()
    {
        List<FilterExpression> parts = [ReadNot()];
        while (_token.IsWord("and") || _token.Is("&&"))
        {
            Advance();
            parts.Add(ReadNot());
        }

        return parts.Count == 1 ? parts[0] : new Conjunction(parts);
    }

    private FilterExpression ReadNot()
    {
        if (++_depth > MaximumDepth)
        {
            throw Error(_token, $"conditions nest at most {MaximumDepth} deep");
        }

        FilterExpression read;
        if (_token.IsWord("not") || _token.Is("!"))
        {
            Advance();
            read = new Negation(ReadNot());
        }
        else if (_token.Is("("))
        {
            FilterToken open = Advance();
            read = ReadOr();
            if (!_token.Is(")"))
            {
                throw Error(_token, $"{_token.Shown} where the parenthesis of column {open.Column} should close");
            }

            Advance();
        }
        else
        {
            read = ReadComparison();
        }

        _depth--;
        return read;
    }

    private Comparison ReadComparison()
    {
        if (_token.Kind != TokenKind.Word)
        {
            throw Error(_token, $"{_token.Shown} where a field should stand, such as process, port or sql");
        }

        if (++_comparisons > MaximumComparisons)
        {
            throw Error(_token, $"a filter has at most {MaximumComparisons} comparisons");
        }

        FilterToken name = Advance();
        FilterField field = FilterFields.Find(name.Text)
            ?? throw Error(name, $"'{name.Text}' is no field{(NearestName.Find(name.Text, FilterFields.All.Select(f => f.Name)) is { } nearest ? $"; did you mean '{nearest}'?" : "")}");
        FilterToken symbol = Advance();
        if (symbol.IsWord("in"))
        {
            return new Comparison(field, FilterOperator.Equal, ReadList(field));
        }

        if (symbol.IsWord("not") && _token.IsWord("in"))
        {
            Advance();
            return new Comparison(field, FilterOperator.NotEqual, ReadList(field));
        }

        FilterOperator @operator = OperatorOf(symbol, field);
        return new Comparison(field, @operator, [FilterValueReader.Read(field, @operator, Advance())]);
    }

    private List<FilterValue> ReadList(FilterField field)
    {
        if (!_token.Is("("))
        {
            throw Error(_token, $"{_token.Shown} where the list of 'in' should begin: {field.Name} in (…, …)");
        }

        List<FilterValue> values = [];
        do
        {
            Advance();
            values.Add(FilterValueReader.Read(field, FilterOperator.Equal, Advance()));
        }
        while (_token.Is(","));

        if (!_token.Is(")"))
        {
            throw Error(_token, $"{_token.Shown} in a list: values are separated by commas and end with ')'");
        }

        Advance();
        return values;
    }

    private static FilterOperator OperatorOf(FilterToken token, FilterField field)
    {
        bool isText = field.Type == FilterFieldType.Text;
        bool isOrdered = field.Type is FilterFieldType.Number or FilterFieldType.Duration;
        return (token.Kind == TokenKind.Symbol ? token.Text : "") switch
        {
            "==" => FilterOperator.Equal,
            "!=" => FilterOperator.NotEqual,
            "<" when isOrdered => FilterOperator.Less,
            "<=" when isOrdered => FilterOperator.LessOrEqual,
            ">" when isOrdered => FilterOperator.Greater,
            ">=" when isOrdered => FilterOperator.GreaterOrEqual,
            "~" when isText => FilterOperator.Contains,
            "!~" when isText => FilterOperator.ContainsNot,
            "=~" when isText => FilterOperator.Matches,
            _ => throw Error(token, $"{token.Shown} where an operator of {field.Name} should stand: {string.Join(' ', FilterFields.OperatorsOf(field.Type))}"),
        };
    }

    private static FilterSyntaxException Error(FilterToken at, string message) => new(at.Column, message);

    // Takes the current token.
    private FilterToken Advance()
    {
        FilterToken taken = _token;
        _token = taken.Kind == TokenKind.End ? taken : _lexer.Next();
        return taken;
    }
}
