namespace ECapture.Cli.Doctor;

/// <summary>How a check went.</summary>
internal enum Verdict
{
    /// <summary>It works.</summary>
    Ok,

    /// <summary>It works in part, or is not needed by everything.</summary>
    Limited,

    /// <summary>It cannot work as it is.</summary>
    Missing,
}

/// <summary>What a check found.</summary>
/// <param name="Area">host, module or target.</param>
/// <param name="Name">What was checked.</param>
/// <param name="Verdict">How it went.</param>
/// <param name="Detail">What was seen.</param>
/// <param name="Remedy">What to do; null when nothing is needed.</param>
internal sealed record Finding(string Area, string Name, Verdict Verdict, string Detail, string? Remedy = null);
