using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ECapture.Cli.Commands;

/// <summary>The usual help of a command, followed by command lines to copy.</summary>
internal sealed class ExampleHelp(SynchronousCommandLineAction usual, IReadOnlyList<string> examples) : SynchronousCommandLineAction
{
    /// <summary>Gives a command help that ends with examples.</summary>
    internal static void AddTo(Command command, IReadOnlyList<string> examples)
    {
        HelpOption help = new();
        if (examples.Count > 0 && help.Action is SynchronousCommandLineAction usual)
        {
            help.Action = new ExampleHelp(usual, examples);
        }

        command.Options.Add(help);
    }

    /// <summary>The command lines that a command's help shows.</summary>
    internal static IReadOnlyList<string> ExamplesOf(Command command) =>
        command.Options.OfType<HelpOption>().Select(h => h.Action).OfType<ExampleHelp>().FirstOrDefault()?.Examples ?? [];

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true; // who asks how a command goes has not written it whole yet

    private IReadOnlyList<string> Examples => examples;

    public override int Invoke(ParseResult parseResult)
    {
        int code = usual.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(examples.Count == 1 ? "Example:" : "Examples:");
        foreach (string example in examples)
        {
            output.WriteLine("  " + example);
        }

        return code;
    }
}
