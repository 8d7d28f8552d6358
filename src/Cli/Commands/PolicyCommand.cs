using System.CommandLine;
using ECapture.Cli.Options;
using ECapture.Cli.PolicyFiles;
using ECapture.Events;
using ECapture.Policies;

namespace ECapture.Cli.Commands;

/// <summary><c>ecapture policy</c>: what is kept, overwritten, dropped, and where that is said.</summary>
internal static class PolicyCommand
{
    private static readonly Option<string?> s_module = CommonOptions.Text("module", "NAME", "only this module");
    private static readonly Option<bool> s_json = CommonOptions.Switch("json", "print it as JSON");
    private static readonly Argument<string?> s_file = new("FILE") { Description = "the policy file", Arity = ArgumentArity.ExactlyOne };

    private static readonly Argument<string?> s_shown = new("FILE") { Description = "the policy file (default: --policy, and what the configuration names)", Arity = ArgumentArity.ZeroOrOne };

    internal static Command Create()
    {
        Command command = new("policy", "Say what is kept, overwritten and dropped, or check a file that says so.");
        Command show = CommandRunner.Create(
            "show",
            "Show a policy for every module, and where each value comes from: that of FILE, else the one in force.",
            [
                "ecapture policy show",
                "ecapture policy show policy.json --module tls --json",
            ],
            [CommonOptions.Policy, CommonOptions.PayloadLimit, s_module, s_json],
            ShowAsync);
        show.Arguments.Add(s_shown);
        command.Subcommands.Add(show);
        Command check = CommandRunner.Create(
            "check",
            "Check a policy file: every error at once, a line each. Exit code 2 when there is one.",
            ["ecapture policy check policy.json"],
            [CommonOptions.PayloadLimit],
            CheckAsync);
        check.Arguments.Add(s_file);
        command.Subcommands.Add(check);
        ExampleHelp.AddTo(command, ["ecapture policy check policy.json", "ecapture policy show policy.json"]);
        return command;
    }

    private static Task<int> ShowAsync(OptionReader options, CancellationToken cancellationToken)
    {
        string? module = options.Find(s_module);
        if (module is not null && !Topics.All.Contains(module))
        {
            string? nearest = NearestName.Find(module, Topics.All);
            throw new UsageException($"--module: there is no module {module}{(nearest is null ? "" : $"; did you mean {nearest}?")} (there are {string.Join(", ", Topics.All)})");
        }

        PolicyListing listing = new(Composition.PolicyOf(options.Find(s_shown) ?? options.Find(CommonOptions.Policy), Composition.PayloadLimitOf(options)), module);
        if (options.IsSet(s_json))
        {
            listing.WriteJson(options.Output);
        }
        else
        {
            listing.WriteText(options.Output);
        }

        return Task.FromResult(ExitCode.Ok);
    }

    private static Task<int> CheckAsync(OptionReader options, CancellationToken cancellationToken)
    {
        string file = options.Find(s_file)!;
        try
        {
            Policy policy = Policy.Load(file, Composition.PayloadLimitOf(options));
            options.Output.WriteLine($"{file}: ok");
            foreach (string warning in policy.Warnings)
            {
                options.Output.WriteLine($"{file}: warning: {warning}");
            }

            return Task.FromResult(ExitCode.Ok);
        }
        catch (PolicyException e) when (e.Errors.Count > 0)
        {
            options.Errors.WriteLine(e.Message);
            return Task.FromResult(ExitCode.Usage);
        }
        catch (PolicyException e)
        {
            throw new UsageException(e.Message);
        }
    }
}
