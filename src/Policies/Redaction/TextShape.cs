namespace ECapture.Policies.Redaction;

/// <summary>What kind of text is looked at.</summary>
public enum TextShape
{
    /// <summary>Lines: a payload, a statement, a command line.</summary>
    Lines,

    /// <summary>The arguments of a program, with a NUL between them: blanks and quotes in them mean nothing to a shell.</summary>
    Arguments,
}
