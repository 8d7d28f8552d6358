using System.CommandLine;
using System.Globalization;
using ECapture.Events;

namespace ECapture.Cli.Options;

/// <summary>Reads options of a parsed command line, falling back to <see cref="Settings"/>.</summary>
internal sealed class OptionReader(ParseResult parsed, Settings settings)
{
    /// <summary>The value, or null when it was given nowhere.</summary>
    internal string? Find(Option<string?> option) => parsed.GetValue(option) ?? settings.Find(Name(option));

    /// <summary>The argument, or null when it was not given.</summary>
    internal string? Find(Argument<string?> argument) => parsed.GetValue(argument);

    /// <summary>Where the command prints.</summary>
    internal TextWriter Output => parsed.InvocationConfiguration.Output;

    /// <summary>Where the command prints what is wrong.</summary>
    internal TextWriter Errors => parsed.InvocationConfiguration.Error;

    /// <summary>The value of a required argument.</summary>
    internal string Argument(Argument<string> argument) => parsed.GetRequiredValue(argument);

    /// <summary>The values; a comma separates values in one text.</summary>
    internal IReadOnlyList<string> FindAll(Option<string[]> option)
    {
        string[] given = parsed.GetValue(option) is { Length: > 0 } values ? values
            : settings.Find(Name(option)) is { } text ? [text]
            : [];
        return [.. given.SelectMany(v => v.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
    }

    /// <summary>The values as they were given, not split.</summary>
    internal IReadOnlyList<string> Given(Option<string[]> option) =>
        parsed.GetValue(option) is { Length: > 0 } values ? values
        : settings.Find(Name(option)) is { } text ? [text]
        : [];

    /// <summary>The value of the command line alone: another command has an option of the same name and another meaning.</summary>
    internal string? OnCommandLine(Option<string?> option) => parsed.GetValue(option);

    /// <summary>The words that stand for themselves.</summary>
    internal IReadOnlyList<string> Words(Argument<string[]> argument) => parsed.GetValue(argument) ?? [];

    /// <summary>True when the switch is set.</summary>
    /// <exception cref="UsageException">Environment or file say neither true nor false: a guess might leave open what was to be closed.</exception>
    internal bool IsSet(Option<bool> option) => parsed.GetValue(option) || settings.Find(Name(option)) switch
    {
        null or "" or "false" or "0" => false,
        "true" or "1" => true,
        { } text => throw new UsageException($"{option.Name}: '{text}' is neither true nor false"),
    };

    /// <summary>A whole number within bounds.</summary>
    internal long Number(Option<string?> option, long fallback, long least, long most)
    {
        string? text = Find(option);
        if (text is null)
        {
            return fallback;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= least && number <= most
            ? number
            : throw new UsageException($"{option.Name}: '{text}' is no whole number from {least} to {most}");
    }

    /// <summary>One of several words.</summary>
    internal string Choice(Option<string?> option, string fallback, params string[] choices)
    {
        string text = Find(option) ?? fallback;
        if (choices.Contains(text))
        {
            return text;
        }

        string? nearest = NearestName.Find(text, choices);
        throw new UsageException(
            $"{option.Name}: '{text}' is none of {string.Join(", ", choices)}{(nearest is null ? "" : $"; did you mean {nearest}?")}");
    }

    private static string Name(Option option) => option.Name.TrimStart('-');
}
