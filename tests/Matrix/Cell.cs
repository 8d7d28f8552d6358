namespace ECapture.Tests.Matrix;

/// <summary>One line of the table: what of one program was captured.</summary>
/// <param name="Module">The module.</param>
/// <param name="Program">Library or program with its version.</param>
/// <param name="Role">client, server, shell …</param>
/// <param name="Mode">TLS version, or what else was done.</param>
/// <param name="Facts">What was looked for and whether it was so: "secrets decrypt" → true.</param>
/// <param name="Note">Why it could not run, or what is to be known; empty: nothing.</param>
internal sealed record Cell(string Module, string Program, string Role, string Mode, IReadOnlyDictionary<string, bool> Facts, string Note = "")
{
    /// <summary>True when it ran and everything was so.</summary>
    public bool IsGood => Facts.Count > 0 && Facts.Values.All(f => f);

    /// <summary>Name of the scenario that fills it.</summary>
    public string Scenario() => $"{Module} {Program} {Mode}";

    /// <summary>What tells it from others.</summary>
    public string Key() => $"{Module}|{Program}|{Role}|{Mode}";
}
