namespace ECapture.Protocols.Sql;

/// <summary>What a token is.</summary>
internal enum SqlToken
{
    /// <summary>There is none.</summary>
    End,

    /// <summary>A keyword or a name.</summary>
    Word,

    /// <summary>A name in quotes.</summary>
    Quoted,

    /// <summary>A text, a number, a parameter.</summary>
    Literal,

    /// <summary>Any other character.</summary>
    Sign,
}
