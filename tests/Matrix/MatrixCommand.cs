using System.Diagnostics;
using System.Globalization;

namespace ECapture.Tests.Matrix;

/// <summary>Runs scenarios one after the other; one that fails does not stop the others.</summary>
internal static class MatrixCommand
{
    internal static async Task<int> RunAsync(MatrixOptions options, CancellationToken stop)
    {
        Directory.CreateDirectory(options.Cache);
        Trees trees = new(options.Cache);
        Scenario[] all =
        [
            .. OpenSslScenarios.All(trees), .. EarlierScenarios.All(trees), .. ProgramScenarios.All(trees), .. GnuTlsScenarios.All(trees), .. NssScenarios.All(trees), .. GoScenarios.All(trees),
            .. ShellScenarios.All(trees), .. PostgresScenarios.All(trees), .. MysqlScenarios.All(trees),
        ];
        Scenario[] wanted = [.. all.Where(s => options.Wants(s.Name))];
        if (options.ListOnly || wanted.Length == 0)
        {
            Console.WriteLine(string.Join('\n', all.Select(s => s.Name)));
            return wanted.Length == 0 ? 2 : 0;
        }

        if (!Environment.IsPrivilegedProcess)
        {
            Console.Error.WriteLine("Matrix: needs root, for eBPF and chroot");
            return 1;
        }

        Report report = new(options.Cache);
        int good = 0, bad = 0;
        foreach ((int i, Scenario scenario) in wanted.Index())
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{i + 1}/{wanted.Length}] {scenario.Name}"));
            Stopwatch watch = Stopwatch.StartNew();
            IReadOnlyList<Cell> cells = await TryAsync(scenario, stop);
            report.Add(scenario, cells);
            foreach (Cell cell in cells)
            {
                string facts = string.Join(", ", cell.Facts.Select(f => $"{f.Key}: {(f.Value ? "yes" : "NO")}"));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"  {(cell.IsGood ? "good" : cell.Facts.Count == 0 ? "not run" : "BAD")}  {cell.Role}  {facts}  {cell.Note}  ({watch.Elapsed.TotalSeconds:f0} s)"));
            }

            good += cells.Count(c => c.IsGood);
            bad += cells.Count(c => !c.IsGood);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{good} cells are good, {bad} are not"));
        if (options.Report is { } file)
        {
            List<string> names = [.. all.Select(s => s.Name)];
            report.Keep(names.ToHashSet(StringComparer.Ordinal));
            await File.WriteAllTextAsync(file, report.Page(names), stop);
        }

        return bad == 0 ? 0 : 1;
    }

    private static async Task<IReadOnlyList<Cell>> TryAsync(Scenario scenario, CancellationToken stop)
    {
        try
        {
            return await scenario.RunAsync(stop);
        }
        catch (Exception e) when (!stop.IsCancellationRequested) // this one failed, whatever it was: it is said in its place
        {
            return [new Cell(scenario.Module, scenario.Program, "", scenario.Mode, new Dictionary<string, bool>(), "not run: " + e.Message)];
        }
    }
}
