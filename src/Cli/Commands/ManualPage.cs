using System.CommandLine;
using System.Text;

namespace ECapture.Cli.Commands;

/// <summary>Writes a manual page (man(7)) of all commands that are not hidden.</summary>
internal static class ManualPage
{
    /// <summary>The page.</summary>
    internal static string Of(RootCommand root)
    {
        StringBuilder page = new();
        page.Append($".TH ECAPTURE 1 \"\" \"ecapture {Escaped(ProgramVersion.Text)}\" \"User Commands\"\n");
        page.Append($".SH NAME\necapture \\- {Text(root.Description)}");
        page.Append(".SH SYNOPSIS\n.B ecapture\n.I COMMAND\n[\\fIoptions\\fR]\n");
        page.Append(".SH COMMANDS\n");
        foreach (Command command in root.Subcommands.Where(c => !c.Hidden))
        {
            Add(page, "ecapture", command);
        }

        page.Append(".SH EXIT STATUS\n.TP\n.B 0\nDone.\n.TP\n.B 1\nIt failed while it ran.\n.TP\n.B 2\nIt could not start with what was given: an option, an address, a privilege, a file, a server.\n");
        page.Append(".SH ENVIRONMENT\nEvery option but those of one letter can be given as a variable: \\fBECAPTURE_PAYLOAD_LIMIT\\fR for \\fB\\-\\-payload\\-limit\\fR.\n");
        page.Append(".SH FILES\n.TP\n.I /etc/ecapture/appsettings.json\nOptions as JSON, where they are given neither on the command line nor in the environment; \\fBECAPTURE_CONFIG\\fR names another file.\n");
        return page.ToString();
    }

    private static void Add(StringBuilder page, string before, Command command)
    {
        string path = $"{before} {command.Name}";
        string names = command.Aliases.Count > 0 ? $"{path} ({string.Join(", ", command.Aliases)})" : path;
        string arguments = string.Concat(command.Arguments.Where(a => !a.Hidden).Select(a => $" [{a.Name}]"));
        page.Append($".SS \"{Escaped(names + arguments)}\"\n{Text(command.Description)}");
        foreach (Argument argument in command.Arguments.Where(a => !a.Hidden && a.Description is not null))
        {
            page.Append($".TP\n.I {Escaped(argument.Name)}\n{Text(argument.Description)}");
        }

        foreach (Option option in command.Options.Where(o => !o.Hidden && o is not System.CommandLine.Help.HelpOption))
        {
            string value = option.HelpName is { } name ? $" \\fI{Escaped(name)}\\fR" : "";
            string all = string.Join(", ", option.Aliases.Order(StringComparer.Ordinal).Append(option.Name).Distinct().Select(n => $"\\fB{Escaped(n)}\\fR"));
            page.Append($".TP\n{all}{value}\n{Text(option.Description)}");
        }

        IReadOnlyList<string> examples = ExampleHelp.ExamplesOf(command);
        if (examples.Count > 0)
        {
            page.Append(examples.Count == 1 ? ".PP\nExample:\n" : ".PP\nExamples:\n").Append(".PP\n.nf\n.RS\n");
            page.AppendJoin("", examples.Select(Text)).Append(".RE\n.fi\n");
        }

        foreach (Command each in command.Subcommands.Where(c => !c.Hidden))
        {
            Add(page, path, each);
        }
    }

    // A line of its own: one that begins with a dot or an apostrophe would be a request.
    private static string Text(string? text)
    {
        string line = Escaped(text ?? "").ReplaceLineEndings(" ");
        return (line.Length > 0 && line[0] is '.' or '\'' ? "\\&" : "") + line + "\n";
    }

    private static string Escaped(string text) => text
        .Replace("\\", "\\e", StringComparison.Ordinal)
        .Replace("-", "\\-", StringComparison.Ordinal)
        .Replace("\"", "\\(dq", StringComparison.Ordinal);
}
