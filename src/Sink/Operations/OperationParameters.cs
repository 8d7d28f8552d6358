using System.Globalization;

namespace ECapture.Sink.Operations;

/// <summary>Parameters of an operation as text, as they travel to the process that runs it.</summary>
public sealed class OperationParameters
{
    private readonly Dictionary<string, string> _values;

    /// <summary>Takes parameters.</summary>
    public OperationParameters(IEnumerable<KeyValuePair<string, string>> values) => _values = new Dictionary<string, string>(values, StringComparer.Ordinal);

    /// <summary>Names and values.</summary>
    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>A text, or null.</summary>
    public string? Text(string name) => _values.GetValueOrDefault(name);

    /// <summary>True when the parameter is "true".</summary>
    public bool IsSet(string name) => _values.GetValueOrDefault(name) == "true";

    /// <summary>A whole number, or null.</summary>
    /// <exception cref="SinkException">It is none.</exception>
    public long? Number(string name) =>
        !_values.TryGetValue(name, out string? text) ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number
        : throw new SinkException($"{name}: '{text}' is no whole number");
}
