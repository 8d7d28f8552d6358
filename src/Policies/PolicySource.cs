namespace ECapture.Policies;

/// <summary>Where a value of the effective policy comes from.</summary>
/// <param name="Path">The setting in the file, <c>modules.default.rotation</c>; empty: it is the built-in default.</param>
/// <param name="Line">Its line in the file, from 1; 0: built in.</param>
public readonly record struct PolicySource(string Path, int Line)
{
    /// <summary>Nobody said anything: the program's own default.</summary>
    public static PolicySource BuiltIn => new("", 0);

    /// <summary>True when the value stands in the file.</summary>
    public bool IsFile => Line > 0;

    /// <inheritdoc/>
    public override string ToString() => IsFile ? $"line {Line}, {Path}" : "default";
}
