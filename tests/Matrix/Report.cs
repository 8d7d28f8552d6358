using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ECapture.Tests.Matrix;

/// <summary>The table of all cells that were run so far, kept beside the downloads so that a part of the matrix can be run again.</summary>
internal sealed class Report
{
    private static readonly string[] s_facts = ["secrets decrypt", "plaintext equals", "tuple right"];
    private readonly string _file;
    private readonly Dictionary<string, Cell> _cells = [];

    /// <summary>Reads what was run before.</summary>
    /// <param name="cache">Folder of the results.</param>
    internal Report(string cache)
    {
        _file = Path.Combine(cache, "cells.json");
        Load();
    }

    private void Load()
    {
        _cells.Clear();
        if (File.Exists(_file))
        {
            foreach (Cell cell in JsonSerializer.Deserialize<List<Cell>>(File.ReadAllText(_file)) ?? [])
            {
                _cells[cell.Key()] = cell;
            }
        }
    }

    /// <summary>Keeps the cells of a scenario, in place of those that it had.</summary>
    internal void Add(Scenario scenario, IEnumerable<Cell> cells)
    {
        Load(); // another run may have added some meanwhile
        Remove(c => c.Scenario() == scenario.Name);
        foreach (Cell cell in cells)
        {
            _cells[cell.Key()] = cell;
        }

        string fresh = _file + ".new";
        File.WriteAllText(fresh, JsonSerializer.Serialize(_cells.Values.ToList()));
        File.Move(fresh, _file, overwrite: true);
    }

    /// <summary>Leaves out cells of scenarios that there are no more.</summary>
    internal void Keep(IReadOnlySet<string> scenarios)
    {
        Remove(c => !scenarios.Contains(c.Scenario()));
    }

    private void Remove(Func<Cell, bool> isGone)
    {
        foreach (string key in _cells.Where(c => isGone(c.Value)).Select(c => c.Key).ToArray())
        {
            _cells.Remove(key);
        }
    }

    /// <summary>The page, cells in the order of the scenarios.</summary>
    internal string Page(List<string> scenarios)
    {
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"""
            # Compatibility: what was captured of which versions

            Written by `make test-modules`, which runs real programs of several suites of Debian and Ubuntu, of npm and of the Go compilers under the agent and compares what it captured with what went over the wire and what the programs said.
            *secrets decrypt*: tshark, given the captured secrets alone, shows the request in the packets. *plaintext equals*: the captured stream is the request, byte for byte, and the answer was seen.
            *tuple right*: every piece has the addresses that the packets have. Other columns are named in the cell. A cell that could not be run says why.

            {_cells.Values.Count(c => c.IsGood)} of {_cells.Count} cells are good.


            """);
        foreach (IGrouping<string, Cell> module in _cells.Values.OrderBy(c => Order(scenarios, c)).GroupBy(c => c.Module))
        {
            page.Append(CultureInfo.InvariantCulture, $"## {module.Key}\n\n| program | role | mode | {string.Join(" | ", s_facts)} | |\n|---|---|---|{string.Concat(s_facts.Select(_ => "---|"))}---|\n");
            foreach (Cell cell in module)
            {
                string others = string.Join(", ", cell.Facts.Where(f => !s_facts.Contains(f.Key)).Select(f => $"{f.Key}: {Word(f.Value)}"));
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"| {cell.Program} | {cell.Role} | {cell.Mode} | {string.Join(" | ", s_facts.Select(f => cell.Facts.TryGetValue(f, out bool so) ? Word(so) : ""))} | {string.Join("; ", ((string[])[others, Short(cell.Note)]).Where(t => t.Length > 0))} |\n");
            }

            page.Append('\n');
        }

        return page.ToString().TrimEnd('\n') + "\n";
    }

    private static int Order(List<string> scenarios, Cell cell)
    {
        int at = scenarios.IndexOf(cell.Scenario());
        return at < 0 ? scenarios.Count : at;
    }

    private static string Word(bool isSo) => isSo ? "yes" : "**no**";

    private static string Short(string note)
    {
        const int Most = 300;
        string line = note.ReplaceLineEndings(" ").Replace('|', '/');
        return line.Length > Most ? line[..Most] + " …" : line;
    }
}
