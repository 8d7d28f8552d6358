namespace ECapture.Capture.Filters;

/// <summary>What is captured of what the modules see. Its rules may be changed from any thread, also while an agent runs: they hold from the agent's next event on.</summary>
public sealed class CaptureFilter
{
    private volatile CaptureRules _rules;

    /// <summary>Makes a filter.</summary>
    /// <param name="rules">What is captured at first.</param>
    /// <param name="packets">An expression of pcap-filter(7) for frames; empty: all.</param>
    /// <param name="isFixed">The rules are never changed, so processes that are not wanted may be left alone in the kernel.</param>
    /// <exception cref="FormatException">The expression is none, or libpcap is missing.</exception>
    public CaptureFilter(CaptureRules rules, string packets = "", bool isFixed = true)
    {
        _rules = rules;
        Packets = packets;
        IsFixed = isFixed;
        if (packets.Length > 0)
        {
            PacketFilter.Compile(packets).Dispose();
        }
    }

    /// <summary>What is captured.</summary>
    /// <exception cref="InvalidOperationException">Set, and the rules are fixed.</exception>
    public CaptureRules Rules
    {
        get => _rules;
        set => _rules = IsFixed ? throw new InvalidOperationException("the filter is fixed") : value;
    }

    /// <summary>An expression of pcap-filter(7) for frames; empty: all.</summary>
    public string Packets { get; }

    /// <summary>The rules are never changed.</summary>
    public bool IsFixed { get; }

    /// <summary>True when something is left out, or may be later.</summary>
    public bool IsUsed => !IsFixed || !_rules.AllowAll || Packets.Length > 0;

    /// <summary>The filter in a few words; empty: everything is captured.</summary>
    public string Describe()
    {
        string rules = _rules.Describe();
        return Packets.Length == 0 ? rules : $"{rules} --packet-filter \"{Packets}\"".TrimStart();
    }
}
