using System.CommandLine;

namespace ECapture.Cli.Commands;

/// <summary>A command, or a command of a command, with what can follow it.</summary>
/// <param name="Path">Its words without the program's: <c>policy show</c>; empty: the program itself.</param>
/// <param name="Commands">Names and aliases of its commands, with their descriptions.</param>
/// <param name="Options">Names of its options, with their descriptions.</param>
internal sealed record CompletionEntry(
    string Path, IReadOnlyList<(string Name, string Description)> Commands, IReadOnlyList<(string Name, string Description)> Options)
{
    /// <summary>All commands that are not hidden; a command with aliases once for each name.</summary>
    internal static IReadOnlyList<CompletionEntry> Of(RootCommand root)
    {
        List<CompletionEntry> entries = [];
        Add(entries, "", root);
        return entries;
    }

    private static void Add(List<CompletionEntry> entries, string path, Command command)
    {
        Command[] commands = [.. command.Subcommands.Where(c => !c.Hidden)];
        entries.Add(new CompletionEntry(
            path,
            [.. commands.SelectMany(c => c.Aliases.Prepend(c.Name).Select(name => (name, c.Description ?? "")))],
            [.. command.Options.Where(o => !o.Hidden).SelectMany(o => o.Aliases.Prepend(o.Name).Where(n => n[0] == '-').Select(name => (name, o.Description ?? "")))]));
        foreach (Command each in commands)
        {
            foreach (string name in each.Aliases.Prepend(each.Name))
            {
                Add(entries, path.Length == 0 ? name : $"{path} {name}", each);
            }
        }
    }
}
