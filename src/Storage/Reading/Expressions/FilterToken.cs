namespace ECapture.Storage.Reading.Expressions;

internal enum TokenKind
{
    /// <summary>A name, a number, an address: everything without quotes.</summary>
    Word,

    /// <summary>A text in quotes, its escapes as written.</summary>
    Quoted,

    /// <summary>An operator, a parenthesis or a comma.</summary>
    Symbol,

    End,
}

/// <param name="Kind">What it is.</param>
/// <param name="Text">As written, without the quotes.</param>
/// <param name="Column">Where it begins, from 1.</param>
internal readonly record struct FilterToken(TokenKind Kind, string Text, int Column)
{
    public bool Is(string symbol) => Kind == TokenKind.Symbol && Text == symbol;

    public bool IsWord(string word) => Kind == TokenKind.Word && string.Equals(Text, word, StringComparison.OrdinalIgnoreCase);

    /// <summary>For messages.</summary>
    public string Shown => Kind switch
    {
        TokenKind.End => "the end",
        TokenKind.Quoted => "a text in quotes",
        _ => $"'{Text}'",
    };
}
