using System.Text.RegularExpressions;

namespace ECapture.Tests.Unit.Deploy;

/// <summary>docs/observability.md lists the instruments that the program has: no fewer, no others, with their units.</summary>
public sealed partial class ObservabilityPageTests
{
    [Fact]
    public void Instruments_OfTheSources_AreThoseOfThePage()
    {
        string[] sources = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(f => Created().Matches(File.ReadAllText(f)))
            .Select(m => $"{m.Groups["name"]} {m.Groups["unit"]}")
            .Order(StringComparer.Ordinal)];
        string[] page = [.. Listed().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "observability.md")))
            .Select(m => $"{m.Groups["name"]} {m.Groups["unit"]}")
            .Order(StringComparer.Ordinal)];

        Assert.True(sources.Length > 30, "the instruments were not found in the sources");
        Assert.Equal(sources, page);
    }

    // Meter.CreateX("name", [how an observable one is read,] "unit", "what").
    [GeneratedRegex("""Create(?:Observable)?(?:Counter|UpDownCounter|Histogram|Gauge)(?:<\w+>)?\(\s*"(?<name>ecapture\.[^"]+)",[^;]*?"(?<unit>[^"]+)",\s*"[^"]*"\s*\)""")]
    private static partial Regex Created();

    [GeneratedRegex(@"^\| `(?<name>ecapture\.[a-z._]+)` \| [a-z]+ \| `(?<unit>[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Listed();
}
