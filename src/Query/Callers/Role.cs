namespace ECapture.Query.Callers;

/// <summary>What a caller may see. Each role may do what those before it may.</summary>
public enum Role
{
    /// <summary>Who spoke with whom and when: payloads are neither shown nor searched.</summary>
    Viewer,

    /// <summary>What was said: plaintext, statements, commands, and pcapng files without secrets.</summary>
    Analyst,

    /// <summary>TLS secrets in pcapng files, for a reason that is recorded.</summary>
    Keyholder,

    /// <summary>Everything.</summary>
    Admin,
}
