using System.Globalization;
using ECapture.Events;

namespace ECapture.Storage;

/// <summary>The options behind the '?' of an address.</summary>
internal static class StoreAddressQuery
{
    public static Dictionary<string, string> Parse(string address, string? query, IReadOnlyList<string> known)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        foreach (string pair in (query ?? "").Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? pair : pair[..equals];
            string value = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]);
            if (!known.Contains(name))
            {
                throw new FormatException($"'{address}': there is no option '{name}'; it is {Nearest(name, known, suffix: "=")}");
            }

            if (value.Length == 0)
            {
                throw new FormatException($"'{address}': option '{name}' needs a value");
            }

            if (!options.TryAdd(name, value))
            {
                throw new FormatException($"'{address}': option '{name}' is given twice");
            }
        }

        return options;
    }

    public static TimeSpan Seconds(string address, Dictionary<string, string> options, string name, TimeSpan otherwise)
    {
        if (!options.TryGetValue(name, out string? text))
        {
            return otherwise;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds is >= 1 and <= 86_400
            ? TimeSpan.FromSeconds(seconds)
            : throw new FormatException($"'{address}': option '{name}' is a number of seconds from 1 to 86400, not '{text}'");
    }

    /// <summary>All valid names, the nearest one first: "perhaps 'a:' (else b:, c:)".</summary>
    public static string Nearest(string given, IReadOnlyList<string> names, string suffix)
    {
        string? nearest = NearestName.Find(given, names);
        string others = string.Join(", ", names.Where(name => name != nearest).Select(name => name + suffix));
        return nearest is null ? $"one of {others}" : $"perhaps '{nearest}{suffix}' (else {others})";
    }
}
