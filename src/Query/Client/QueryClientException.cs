namespace ECapture.Query.Client;

/// <summary>A query service refused or failed. The message is one line for the user.</summary>
public sealed class QueryClientException : Exception
{
    /// <summary>Creates the exception.</summary>
    public QueryClientException(string message, bool isUsage, Exception? inner = null)
        : base(message, inner) => IsUsage = isUsage;

    /// <summary>True when what was given cannot be used: a parameter, or an address where nobody answers.</summary>
    public bool IsUsage { get; }
}
