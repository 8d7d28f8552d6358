using System.Globalization;
using System.Text.RegularExpressions;

namespace ECapture.Tests.Chaos.World;

/// <summary>The parts of an engine's tables, as they are on its disk: <c>PARTITION_MIN_MAX_LEVEL</c>.</summary>
internal sealed partial class EngineParts(string folder)
{
    /// <summary>Parts that one insert made.</summary>
    public IReadOnlySet<string> List() => All().Where(part => part.Level == 0).Select(part => part.Path).ToHashSet(StringComparer.Ordinal);

    /// <summary>Takes away what came since, while the engine is dead: as if it had died before it committed them.</summary>
    /// <returns>How many.</returns>
    public int Tear(IReadOnlySet<string> before)
    {
        Part[] all = [.. All()];
        Part[] torn =
        [
            .. all.Where(part => part.Level == 0 && !before.Contains(part.Path)
                && !all.Any(merged => merged.Level > 0 && merged.Table == part.Table && merged.Partition == part.Partition && merged.First <= part.First && merged.Last >= part.Last)),
        ];
        foreach (Part part in torn)
        {
            Directory.Delete(part.Path, recursive: true);
        }

        return torn.Length;
    }

    private IEnumerable<Part> All()
    {
        string store = Path.Combine(folder, "store");
        string[] folders;
        try
        {
            folders = Directory.Exists(store) ? Directory.GetDirectories(store, "*_*_*_*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2, IgnoreInaccessible = true }) : [];
        }
        catch (DirectoryNotFoundException)
        {
            return []; // merged away while it was looked at
        }

        return folders.Select(path => (path, match: Name().Match(Path.GetFileName(path)))).Where(found => found.match.Success).Select(found => new Part(
            found.path, Path.GetDirectoryName(found.path)!, found.match.Groups[1].Value, Number(found.match, 2), Number(found.match, 3), Number(found.match, 4)));
    }

    private static long Number(Match match, int group) => long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^([0-9a-f]+|all)_(\d+)_(\d+)_(\d+)$")]
    private static partial Regex Name();

    private sealed record Part(string Path, string Table, string Partition, long First, long Last, long Level);
}
