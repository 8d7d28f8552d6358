namespace ECapture.Tests.Matrix;

/// <summary>What of the matrix to run.</summary>
/// <param name="Only">Parts of names, separated by commas; a scenario runs when one of them is in its name. Empty: all.</param>
/// <param name="Cache">Folder of what was downloaded and unpacked, and of the results.</param>
/// <param name="Report">File that the table is written to; null: none.</param>
/// <param name="ListOnly">Only names the scenarios.</param>
internal sealed record MatrixOptions(string Only, string Cache, string? Report, bool ListOnly)
{
    internal const string Usage = """
        usage: make test-modules [ONLY='gnutls']
               Matrix run [--only NAMES] [--cache DIR] [--report FILE] [--list]
               Matrix resolve FILE...
          --only     parts of names, separated by commas: --only 'gnutls,bash 5.3'
          --cache    where other suites' programs are kept; default /var/cache/ecapture-matrix (10 GB)
          --report   writes the table of all cells run so far: docs/compatibility.md
          --list     names the scenarios and ends
        """;

    /// <summary>Reads arguments.</summary>
    /// <exception cref="FormatException">One is not known, or its value is missing.</exception>
    internal static MatrixOptions Parse(ReadOnlySpan<string> arguments)
    {
        MatrixOptions options = new("", "/var/cache/ecapture-matrix", null, false);
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            if (name == "--list")
            {
                options = options with { ListOnly = true };
                continue;
            }

            string value = ++i < arguments.Length ? arguments[i] : throw new FormatException($"{name} needs a value");
            options = name switch
            {
                "--only" => options with { Only = value },
                "--cache" => options with { Cache = Path.GetFullPath(value) },
                "--report" => options with { Report = Path.GetFullPath(value) },
                _ => throw new FormatException($"there is no option {name}"),
            };
        }

        return options;
    }

    /// <summary>True when a scenario of this name was asked for.</summary>
    internal bool Wants(string name) =>
        Only.Length == 0 || Only.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Any(o => name.Contains(o, StringComparison.OrdinalIgnoreCase));
}
