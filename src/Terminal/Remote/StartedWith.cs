using System.Text.Json;

namespace ECapture.Terminal.Remote;

/// <summary>
/// eCapture's fields that hold from start to end of a command: outputs, files, interfaces. A configuration may name them, for it may be one that GET gave; another value than
/// the one in force is refused. Empty, 0 and false stand for "as it is", as eCapture's clients send what nobody set.
/// </summary>
internal sealed class StartedWith
{
    private readonly SortedDictionary<string, object> _values = new(StringComparer.Ordinal);

    /// <summary>Sets a field.</summary>
    /// <param name="field">eCapture's name of it.</param>
    /// <param name="value">A text, a whole number (long), true or false.</param>
    internal StartedWith With(string field, object value)
    {
        _values[field] = value;
        return this;
    }

    /// <summary>Names of the fields.</summary>
    internal IEnumerable<string> Names => _values.Keys;

    /// <summary>Checks a field of a change.</summary>
    /// <returns>False: it is not one of these.</returns>
    /// <exception cref="RemoteRefusal">It is of another kind, or its value would be another one.</exception>
    internal bool Check(JsonProperty field)
    {
        if (!_values.TryGetValue(field.Name, out object? holds))
        {
            return false;
        }

        JsonElement value = field.Value;
        (bool isKind, bool isSame, string kind) = holds switch
        {
            string text => (value.ValueKind == JsonValueKind.String, value.ValueKind == JsonValueKind.String && value.GetString() is var given && (given == text || given == ""), "a text"),
            long number => (value.ValueKind == JsonValueKind.Number, value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long given) && (given == number || given == 0), "a whole number"),
            _ => (value.ValueKind is JsonValueKind.True or JsonValueKind.False, value.ValueKind == JsonValueKind.False || (bool)holds, "true or false"),
        };
        if (!isKind)
        {
            throw new RemoteRefusal(RemoteCode.DecodeFailed, $"field {field.Name} must be {kind}", field.Name);
        }

        return isSame
            ? true
            : throw new RemoteRefusal(
                RemoteCode.CheckFailed, $"field {field.Name} cannot be changed while the command runs: start the command with it", field.Name);
    }

    /// <summary>Writes the fields into an object.</summary>
    internal void Write(Utf8JsonWriter json)
    {
        foreach ((string name, object value) in _values)
        {
            switch (value)
            {
                case string text:
                    json.WriteString(name, text);
                    break;
                case long number:
                    json.WriteNumber(name, number);
                    break;
                default:
                    json.WriteBoolean(name, (bool)value);
                    break;
            }
        }
    }
}
