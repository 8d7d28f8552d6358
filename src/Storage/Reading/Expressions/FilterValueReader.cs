using System.Buffers;
using System.Globalization;
using System.Text;
using ECapture.Events;

namespace ECapture.Storage.Reading.Expressions;

/// <summary>Reads the value of a comparison as its field needs it.</summary>
internal static class FilterValueReader
{
    private static readonly (string Unit, long Nanoseconds)[] s_units =
        [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];

    private static readonly SearchValues<char> s_numberCharacters = SearchValues.Create("0123456789.");

    public static FilterValue Read(FilterField field, FilterOperator @operator, FilterToken token)
    {
        if (token.Kind is not (TokenKind.Word or TokenKind.Quoted))
        {
            throw Error(field, token, "a value");
        }

        return field.Type switch
        {
            FilterFieldType.Text when @operator == FilterOperator.Matches => new FilterValue { Pattern = PatternParser.Parse(token.Text, First(token)) },
            FilterFieldType.Text => new FilterValue { Bytes = Text(token, mayBeEmpty: @operator is FilterOperator.Equal or FilterOperator.NotEqual) },
            FilterFieldType.Number => new FilterValue
            {
                Number = long.TryParse(token.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
                    ? number
                    : throw Error(field, token, "a whole number"),
            },
            FilterFieldType.Duration => new FilterValue { Number = Duration(token.Text) ?? throw Error(field, token, "a length of time such as 250ms, 1.5s or 2m") },
            FilterFieldType.Address => new FilterValue
            {
                Address = AddressRange.TryParse(token.Text, out AddressRange? range)
                    ? range
                    : throw Error(field, token, "an address or prefix, such as 10.0.0.1, 10.0.0.0/8 or fe80::/10"),
            },
            FilterFieldType.Id => new FilterValue
            {
                Id = token.Text.Length == 16 && ulong.TryParse(token.Text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong id)
                    ? id
                    : throw Error(field, token, "16 hexadecimal digits, as events show them"),
            },
            _ => Choice(field, token),
        };
    }

    private static FilterValue Choice(FilterField field, FilterToken token)
    {
        foreach ((string name, long value) in field.Choices)
        {
            if (name == token.Text)
            {
                return new FilterValue { Number = value, Name = name };
            }
        }

        string? nearest = NearestName.Find(token.Text, field.ChoiceNames);
        throw Error(field, token, $"one of {string.Join(", ", field.ChoiceNames)}{(nearest is null ? "" : $"; did you mean '{nearest}'?")}");
    }

    private static byte[] Text(FilterToken token, bool mayBeEmpty)
    {
        byte[] bytes = token.Kind == TokenKind.Quoted ? TextLiteral.Decode(token.Text, First(token)) : Encoding.UTF8.GetBytes(token.Text);
        return bytes.Length > 0 || mayBeEmpty ? bytes : throw new FilterSyntaxException(token.Column, "an empty text is in every text");
    }

    private static long? Duration(string text)
    {
        int digits = text.AsSpan().IndexOfAnyExcept(s_numberCharacters);
        if (digits <= 0 || !decimal.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
        {
            return null;
        }

        foreach ((string unit, long nanoseconds) in s_units)
        {
            if (text.AsSpan(digits).SequenceEqual(unit) && number <= long.MaxValue / nanoseconds)
            {
                return (long)(number * nanoseconds);
            }
        }

        return null;
    }

    private static int First(FilterToken token) => token.Kind == TokenKind.Quoted ? token.Column + 1 : token.Column;

    private static FilterSyntaxException Error(FilterField field, FilterToken token, string valid) =>
        new(token.Column, $"{token.Shown} where {field.Name} takes {valid}; for example {field.Example}");
}
