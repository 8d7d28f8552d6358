using System.Text.Json;
using System.Text.RegularExpressions;
using ECapture.Events;

namespace ECapture.Policies.Reading;

/// <summary>Reads a list of redaction rules: names, and the user's own regular expressions.</summary>
internal static class RuleList
{
    private const int MostRules = 32;
    private const int LongestPattern = 512;
    private const int LongestName = 40;

    internal static List<RedactionRule> Read(Section section, IReadOnlyList<JsonTree> items)
    {
        List<RedactionRule> rules = [];
        for (int i = 0; i < items.Count; i++)
        {
            string at = $"redact[{i}]";
            RedactionRule? rule = items[i].Kind switch
            {
                JsonValueKind.String => Named(section, at, items[i]),
                JsonValueKind.Object => Own(section, at, items[i]),
                _ => Refuse(section, at, items[i].Line, $"{items[i].Shown} is neither a rule's name nor an object with name and pattern"),
            };
            if (rule is not null && rules.Any(r => r.Name == rule.Name))
            {
                section.Error(items[i].Line, at, $"{items[i].Shown} repeats the rule {rule.Name}: each stands once");
            }
            else if (rule is not null)
            {
                rules.Add(rule);
            }
        }

        if (items.Count > MostRules)
        {
            section.Error(items[MostRules].Line, "redact", $"has {items.Count} rules: at most {MostRules}");
        }

        return rules;
    }

    private static RedactionRule? Named(Section section, string at, JsonTree item)
    {
        if (RedactionRule.Names.Contains(item.Text))
        {
            return new RedactionRule(item.Text);
        }

        string? nearest = NearestName.Find(item.Text, RedactionRule.Names);
        return Refuse(
            section, at, item.Line,
            $"{item.Shown} is no named rule{(nearest is null ? "" : $"; did you mean {nearest}?")} (there are {string.Join(", ", RedactionRule.Names)};"
            + " your own is {\"name\": …, \"pattern\": …})");
    }

    private static RedactionRule? Own(Section section, string at, JsonTree item)
    {
        int errors = section.ErrorCount;
        Section inner = section.Inner(at, item);
        JsonMember? name = inner.Find("name");
        JsonMember? pattern = inner.Find("pattern");
        inner.RefuseOthers();
        if (name is null || pattern is null)
        {
            inner.Error(item.Line, name is null ? "name" : "pattern", "is missing: a rule of your own has both name and pattern");
        }

        if (name is not null && !IsName(name.Value))
        {
            inner.Error(name.Value.Line, "name", $"{name.Value.Shown} is no name: 1 to {LongestName} of a-z, 0-9 and -");
        }
        else if (name is not null && RedactionRule.Names.Contains(name.Value.Text))
        {
            inner.Error(name.Value.Line, "name", $"{name.Value.Shown} is a named rule's name; choose another");
        }

        if (pattern is not null && Fault(pattern.Value) is { } fault)
        {
            inner.Error(pattern.Value.Line, "pattern", $"{pattern.Value.Shown} {fault}");
        }

        return section.ErrorCount == errors ? new RedactionRule(name!.Value.Text, pattern!.Value.Text) : null;
    }

    private static bool IsName(JsonTree value) =>
        value.Kind == JsonValueKind.String && value.Text.Length is > 0 and <= LongestName
        && value.Text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static string? Fault(JsonTree value)
    {
        if (value.Kind != JsonValueKind.String || value.Text.Length is 0 or > LongestPattern)
        {
            return $"is no regular expression of 1 to {LongestPattern} characters";
        }

        if (value.Text.Any(c => c > 0xFF))
        {
            return "holds a character above U+00FF: payloads are bytes, so write its UTF-8 encoding as \\xNN";
        }

        try
        {
            return RedactionPattern.Create(value.Text).IsMatch("") ? "matches the empty text, so it would match everywhere" : null;
        }
        catch (RegexParseException e)
        {
            return $"is no regular expression: {e.Error} at character {e.Offset}";
        }
        catch (NotSupportedException)
        {
            return "cannot be matched in linear time: no back references, lookarounds, atomic groups or large counted repeats";
        }
    }

    private static RedactionRule? Refuse(Section section, string at, int line, string message)
    {
        section.Error(line, at, message);
        return null;
    }
}
