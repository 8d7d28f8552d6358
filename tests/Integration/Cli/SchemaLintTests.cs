using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace ECapture.Tests.Integration.Cli;

/// <summary><c>deploy/lint/schemas.sh</c>, which <c>make lint</c> calls: a change that breaks what was written before fails.</summary>
public sealed class SchemaLintTests : IDisposable
{
    private readonly DirectoryInfo _changed = Directory.CreateTempSubdirectory("ecapture-schemas-");

    private static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", ".."));

    public void Dispose() => _changed.Delete(recursive: true);

    [Theory]
    [InlineData("uint64 sequence = 4;", "string sequence = 4;", "sequence")] // another type
    [InlineData("  uint64 sequence = 4;", "", "sequence")] // gone, its number free for something else
    [InlineData("fixed64 boot_ns = 9;", "fixed64 boot_ns = 900;", "boot_ns")] // another number
    public async Task Lint_BreakingChange_FailsAndNamesIt(string before, string after, string named)
    {
        (int code, string said) = await LintAsync(text => text.Replace(before, after, StringComparison.Ordinal));

        Assert.True(code != 0, said);
        Assert.Contains(named, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lint_NewFieldInTheReservedRoom_IsFine()
    {
        (int code, string said) = await LintAsync(text => text.Replace("message Event {", "message Event {\n  bytes later = 900;", StringComparison.Ordinal));

        Assert.True(code == 0, said);
    }

    private async Task<(int Code, string Said)> LintAsync(Func<string, string> change)
    {
        string schemas = Path.Combine(Root, "schemas", "proto");
        foreach (string file in Directory.EnumerateFiles(schemas, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(_changed.FullName, Path.GetRelativePath(schemas, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            string text = await File.ReadAllTextAsync(file);
            string made = file.EndsWith("event.proto", StringComparison.Ordinal) ? change(text) : text;
            Assert.True(!file.EndsWith("event.proto", StringComparison.Ordinal) || made != text, "the schema has no such line any more");
            await File.WriteAllTextAsync(copy, made);
        }

        ProcessStartInfo start = new("bash", [Path.Combine(Root, "deploy", "lint", "schemas.sh"), _changed.FullName, schemas])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + errors);
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
