using System.CommandLine;
using ECapture.Cli.Options;
using ECapture.Query.Requests;

namespace ECapture.Cli.Commands;

/// <summary>The API's search parameters as options: same names, same values, same errors.</summary>
internal sealed class SearchOptions
{
    private readonly IReadOnlyList<(SearchParameter Parameter, Option<string[]> Option)> _options;

    internal SearchOptions(IEnumerable<SearchParameter> parameters) =>
        _options = [.. parameters.Select(p => (p, CommonOptions.List(p.Name, "VALUE", $"{p.Description} Example: {p.Example}")))];

    internal IEnumerable<Option> All => _options.Select(o => o.Option);

    /// <summary>Names and values as they were given.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Read(OptionReader options) =>
        [.. _options.SelectMany(o => options.Given(o.Option).Select(v => KeyValuePair.Create(o.Parameter.Name, v)))];
}
