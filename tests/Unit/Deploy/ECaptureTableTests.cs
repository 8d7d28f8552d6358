using System.Text.RegularExpressions;

namespace ECapture.Tests.Unit.Deploy;

/// <summary>docs/from-ecapture.md names for each of eCapture's flags, paths and fields a test that there is.</summary>
public sealed partial class ECaptureTableTests
{
    private static readonly Dictionary<string, string[]> s_tests = Directory
        .EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal))
        .GroupBy(f => Path.GetFileNameWithoutExtension(f))
        .ToDictionary(g => g.Key, g => g.ToArray());

    [Fact]
    public void Tests_NamedInTheTable_Exist()
    {
        List<string> wrong = [];
        int rows = 0;
        foreach (string line in File.ReadLines(Path.Combine(Repository.Root, "docs", "from-ecapture.md")).Where(l => l.StartsWith('|')))
        {
            string[] cells = line.Split('|', StringSplitOptions.TrimEntries)[1..^1];
            if (cells[^1] == "test" || cells.All(c => c.Trim('-').Length == 0))
            {
                continue;
            }

            rows++;
            string[] named = [.. Name().Matches(cells[^1]).Select(m => m.Groups["name"].Value)];
            wrong.AddRange(named.Where(n => !IsThere(n)).Select(n => $"{cells[0]}: there is no test {n}"));
            if (named.Length == 0)
            {
                wrong.Add($"{cells[0]}: no test is named");
            }
        }

        Assert.True(rows > 40, $"only {rows} rows were found");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Theory]
    [InlineData("Unit/Capture/Filters/EventGateTests", true)]
    [InlineData("EndToEnd/Terminal/EventGateTests", false)]
    [InlineData("EventGateTests.Admits_ByPort_OfEitherEnd", true)]
    [InlineData("EventGateTests.Admits_Nothing", false)]
    [InlineData("NobodyTests", false)]
    public void IsThere_ClassOrMethod_OnlyWhereItIs(string name, bool expected) => Assert.Equal(expected, IsThere(name));

    // "Folder/Class", "Class" or "Class.Method".
    private static bool IsThere(string name)
    {
        string[] parts = name.Split('.', 2);
        return s_tests.TryGetValue(parts[0].Split('/')[^1], out string[]? files)
            && files.Any(f => f.EndsWith($"/{parts[0]}.cs", StringComparison.Ordinal)
                && (parts.Length == 1 || Regex.IsMatch(File.ReadAllText(f), $@"\b(void|Task) {Regex.Escape(parts[1])}\(")));
    }

    [GeneratedRegex("`(?<name>[A-Za-z/0-9]+Tests(\\.\\w+)?)`")]
    private static partial Regex Name();
}
