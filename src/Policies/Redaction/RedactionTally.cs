namespace ECapture.Policies.Redaction;

/// <summary>How much of one event was overwritten, and by which rules.</summary>
public struct RedactionTally
{
    /// <summary>Parts that were overwritten.</summary>
    public uint Count { get; private set; }

    /// <summary>A bit for each rule, in the order of the module's rules.</summary>
    public uint Rules { get; private set; }

    /// <summary>Adds a part.</summary>
    public void Add(uint rules)
    {
        Count++;
        Rules |= rules;
    }
}
