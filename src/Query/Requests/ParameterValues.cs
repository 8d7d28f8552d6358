using ECapture.Events;
namespace ECapture.Query.Requests;

/// <summary>The values of known parameters.</summary>
internal sealed class ParameterValues
{
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    public ParameterValues(IEnumerable<KeyValuePair<string, string>> parameters, IReadOnlyList<SearchParameter> known)
    {
        foreach ((string name, string value) in parameters)
        {
            if (!known.Any(p => p.Name == name))
            {
                throw new ParameterException(
                    name, null, (NearestName.Find(name, known.Select(p => p.Name)) is { } nearest ? $"did you mean '{nearest}'? " : "")
                    + $"valid are {string.Join(", ", known.Select(p => p.Name))}");
            }

            if (!_values.TryGetValue(name, out List<string>? list))
            {
                _values.Add(name, list = []);
            }

            list.Add(value);
        }
    }

    public string? Single(string name)
    {
        if (!_values.TryGetValue(name, out List<string>? list))
        {
            return null;
        }

        return list.Count == 1 ? list[0] : throw new ParameterException(name, list[1], "one value only");
    }

    public T? Choice<T>(string name, params ReadOnlySpan<(string Name, T Value)> choices)
        where T : struct
    {
        if (Single(name) is not { } given)
        {
            return null;
        }

        var names = new List<string>();
        foreach ((string choice, T value) in choices)
        {
            if (choice == given)
            {
                return value;
            }

            names.Add(choice);
        }

        throw new ParameterException(name, given, string.Join(" or ", names));
    }

    /// <summary>Values as they are, commas included.</summary>
    public IReadOnlyList<string> Whole(string name)
    {
        if (!_values.TryGetValue(name, out List<string>? list))
        {
            return [];
        }

        return list.TrueForAll(v => v.Length > 0) ? list : throw new ParameterException(name, "", "not empty");
    }

    public IReadOnlyList<T> List<T>(string name, Func<string, T?> parse, string valid)
        where T : struct =>
        [.. Parts(name, valid).Select(v => parse(v) ?? throw new ParameterException(name, v, valid))];

    public IReadOnlyList<T> List<T>(string name, Func<string, T?> parse, string valid)
        where T : class =>
        [.. Parts(name, valid).Select(v => parse(v) ?? throw new ParameterException(name, v, valid))];

    private IEnumerable<string> Parts(string name, string valid)
    {
        foreach (string value in _values.TryGetValue(name, out List<string>? list) ? list : [])
        {
            foreach (string part in value.Split(',', StringSplitOptions.TrimEntries))
            {
                yield return part.Length > 0 ? part : throw new ParameterException(name, value, valid);
            }
        }
    }
}
