using System.Text.RegularExpressions;

namespace ECapture.Policies;

/// <summary>
/// Makes the regular expressions of redaction rules: over bytes seen as Latin-1 characters, in time linear in the input.
/// </summary>
internal static class RedactionPattern
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    /// <summary>Compiles a pattern.</summary>
    /// <exception cref="RegexParseException">It is no regular expression.</exception>
    /// <exception cref="NotSupportedException">It cannot be matched in linear time, or only with a very large automaton.</exception>
    internal static Regex Create(string pattern) => new(pattern, Options);
}
