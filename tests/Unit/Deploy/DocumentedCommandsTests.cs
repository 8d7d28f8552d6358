using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using ECapture.Cli;

namespace ECapture.Tests.Unit.Deploy;

/// <summary>What README.md and docs/ tell people to type is what the program and the Makefile take, and what they link to is there.</summary>
public sealed partial class DocumentedCommandsTests
{
    private static readonly RootCommand s_root = EntryPoint.CreateRoot();
    private static readonly string[] s_pages = [Path.Combine(Repository.Root, "README.md"), .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md").Order(StringComparer.Ordinal)];

    [Fact]
    public void Commands_OfThePages_AreTakenByTheProgram()
    {
        List<string> wrong = [];
        int read = 0;
        foreach ((string where, string[] words) in Typed("ecapture"))
        {
            read++;
            IReadOnlyList<ParseError> errors = s_root.Parse(words).Errors;
            // Prose names a command without all that it needs ("`ecapture capture --log …`"); what it does name must be there.
            string[] unknown = [.. errors.Select(e => e.Message).Where(m => m.Contains("nrecognized", StringComparison.Ordinal) || m.Contains("not recognized", StringComparison.Ordinal))];
            wrong.AddRange(unknown.Select(u => $"{where}: `ecapture {string.Join(' ', words)}`: {u}"));
        }

        Assert.True(read > 100, $"only {read} commands were found in the pages");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void MakeTargets_OfThePages_AreInTheMakefile()
    {
        string makefile = File.ReadAllText(Path.Combine(Repository.Root, "Makefile"));
        HashSet<string> targets = [.. Target().Matches(makefile).SelectMany(m => m.Groups["names"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        (string Where, string Target)[] named = [.. Typed("make")
            .Select(t => (t.Where, Target: t.Words.FirstOrDefault(w => !w.Contains('=', StringComparison.Ordinal)) ?? ""))
            .Where(t => TargetName().IsMatch(t.Target))];

        Assert.True(named.Length > 20, $"only {named.Length} targets were found in the pages");
        Assert.All(named, n => Assert.True(targets.Contains(n.Target), $"{n.Where}: make {n.Target}: there is no such target"));
    }

    [Fact]
    public void Links_OfThePages_LeadSomewhere()
    {
        List<string> broken = [];
        foreach (string page in s_pages)
        {
            foreach (Match link in Link().Matches(File.ReadAllText(page)))
            {
                string[] parts = link.Groups["to"].Value.Split('#', 2);
                string file = parts[0].Length == 0 ? page : Path.Combine(Path.GetDirectoryName(page)!, parts[0]);
                if (!File.Exists(file) && !Directory.Exists(file))
                {
                    broken.Add($"{Path.GetFileName(page)}: {link.Value}");
                }
                else if (parts.Length == 2 && !Headings(file).Contains(parts[1]))
                {
                    broken.Add($"{Path.GetFileName(page)}: {link.Value}: no such heading");
                }
            }
        }

        Assert.Empty(broken);
    }

    // The commands of a page without the program's name: lines of code blocks, and code inside a sentence.
    private static IEnumerable<(string Where, string[] Words)> Typed(string program)
    {
        foreach (string page in s_pages)
        {
            bool isCode = false;
            int number = 0;
            foreach (string line in File.ReadLines(page))
            {
                number++;
                if (line.StartsWith("```", StringComparison.Ordinal))
                {
                    isCode = !isCode;
                    continue;
                }

                foreach (Match match in isCode ? Command().Matches(line) : Inline().Matches(line))
                {
                    if (match.Groups["program"].Value == program)
                    {
                        string arguments = match.Groups["arguments"].Value.Replace("\\|", "|", StringComparison.Ordinal); // in a table
                        yield return ($"{Path.GetFileName(page)}:{number}", [.. Words(arguments)]);
                    }
                }
            }
        }
    }

    // What the shell gives to the program: up to a pipe, a redirection, a comment or another command; without what stands for "and so on", unless it is an option's value.
    private static IEnumerable<string> Words(string arguments)
    {
        string before = "";
        foreach (Match word in Word().Matches(arguments))
        {
            if (word.Value is "|" or ">" or "<" or ">>" or "&&" or "&" or ";" || word.Value.StartsWith('#') || word.Value.StartsWith("2>", StringComparison.Ordinal))
            {
                yield break;
            }

            string text = word.Value.Trim('[', ']');
            if (text is not ("…" or "\\" or "") || (text is "…" && before.StartsWith('-')))
            {
                before = text;
                yield return Quoted().Replace(text, m => m.Value[1..^1]);
            }
        }
    }

    private static HashSet<string> Headings(string page) =>
        [.. File.ReadLines(page).Where(l => l.StartsWith('#')).Select(l => NotInAnchor().Replace(l.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"^(?:\$ )?(?:sudo )?(?:[A-Z_]+=\S+ )*(?<program>ecapture|make) (?<arguments>.+)$")]
    private static partial Regex Command();

    [GeneratedRegex(@"`(?:sudo )?(?:[A-Z_]+=\S+ )*(?<program>ecapture|make) (?<arguments>[^`]+)`")]
    private static partial Regex Inline();

    [GeneratedRegex("""(?:[^\s"']|"[^"]*"|'[^']*')+""")]
    private static partial Regex Word();

    [GeneratedRegex("('[^']*'|\"[^\"]*\")")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^(?<names>[a-z][a-z0-9 -]*):(?!=)", RegexOptions.Multiline)]
    private static partial Regex Target();

    [GeneratedRegex("^[a-z][a-z0-9-]*$")]
    private static partial Regex TargetName();

    [GeneratedRegex(@"\]\((?<to>(?!https?://)[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}
