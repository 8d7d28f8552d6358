namespace ECapture.Tests.Matrix;

/// <summary>One run of real programs under the agent; fills one or more cells.</summary>
/// <param name="Module">The module.</param>
/// <param name="Program">Library or program with its version.</param>
/// <param name="Mode">TLS version, or what else is done.</param>
/// <param name="RunAsync">Runs it. Throws when it could not run.</param>
internal sealed record Scenario(string Module, string Program, string Mode, Func<CancellationToken, Task<IReadOnlyList<Cell>>> RunAsync)
{
    /// <summary>What <c>ONLY</c> is compared with.</summary>
    internal string Name => $"{Module} {Program} {Mode}";
}
