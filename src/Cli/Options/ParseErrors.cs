using System.CommandLine;
using System.CommandLine.Parsing;
using ECapture.Events;

namespace ECapture.Cli.Options;

/// <summary>Says in one line what is wrong with a command line.</summary>
internal static class ParseErrors
{
    /// <summary>The first error; of unknown options all, each with the nearest valid name.</summary>
    internal static string Describe(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string path = string.Join(' ', Path(parsed.CommandResult));
        if (parsed.UnmatchedTokens.Count > 0)
        {
            // Every unknown option at once; what stands behind them may be their values.
            string[] unknown = [.. parsed.UnmatchedTokens.Where(t => t.StartsWith('-'))];
            return string.Join('\n', (unknown.Length > 0 ? unknown : [parsed.UnmatchedTokens[0]]).Select(t => Unknown(t, command, path)));
        }

        if (parsed.Errors[0].SymbolResult is ArgumentResult { Tokens.Count: 0 } missing)
        {
            return $"{missing.Argument.Name} is missing: {missing.Argument.Description} (see `{(path + " --help").Trim()}`)";
        }

        return $"{parsed.Errors[0].Message} (see `{(path + " --help").Trim()}`)";
    }

    private static string Unknown(string token, Command command, string path)
    {
        bool isOption = token.StartsWith('-');
        string given = isOption ? token.Split('=')[0] : token;
        IEnumerable<string> candidates = isOption
            ? command.Options.SelectMany(o => (string[])[o.Name, .. o.Aliases])
            : command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name);
        string? nearest = NearestName.Find(given, candidates);
        string what = isOption ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
        return $"unknown {what} {given}{(nearest is null ? "" : $"; did you mean {nearest}?")} (see `{(path + " --help").Trim()}`)";
    }

    private static List<string> Path(CommandResult? result)
    {
        List<string> names = [];
        for (SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is CommandResult command)
            {
                names.Insert(0, command.Command is RootCommand ? "ecapture" : command.Command.Name);
            }
        }

        return names;
    }
}
