namespace ECapture.Storage.Reading.Expressions;

/// <summary>What the values of a field are, and so which operators it has.</summary>
public enum FilterFieldType
{
    /// <summary>Bytes, mostly text: <c>== != ~ !~ =~ in</c>.</summary>
    Text,

    /// <summary>A whole number: <c>== != &lt; &lt;= &gt; &gt;= in</c>.</summary>
    Number,

    /// <summary>A length of time such as 250ms: as numbers.</summary>
    Duration,

    /// <summary>An address or a prefix: <c>== != in</c>.</summary>
    Address,

    /// <summary>16 hexadecimal digits: <c>== != in</c>.</summary>
    Id,

    /// <summary>One of a few names: <c>== != in</c>.</summary>
    Choice,
}
