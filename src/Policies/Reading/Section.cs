using System.Globalization;
using System.Text.Json;
using ECapture.Events;

namespace ECapture.Policies.Reading;

/// <summary>A value and where it stands.</summary>
internal sealed record Given<T>(T Value, PolicySource Source);

/// <summary>An object of the file while it is read: every member must be asked for, and what is wrong is collected.</summary>
internal sealed class Section
{
    private readonly Dictionary<string, JsonMember> _members = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<PolicyError> _errors;
    private readonly string _path;

    internal Section(JsonTree tree, string path, List<PolicyError> errors)
    {
        _path = path;
        _errors = errors;
        foreach (JsonMember member in tree.Members)
        {
            if (!_members.TryAdd(member.Name, member))
            {
                errors.Add(new PolicyError(member.Line, PathOf(member.Name), $"is given twice, on line {_members[member.Name].Line} before"));
            }
        }
    }

    /// <summary>How much is wrong so far, in the whole file.</summary>
    internal int ErrorCount => _errors.Count;

    internal string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    internal void Error(int line, string name, string message) => _errors.Add(new PolicyError(line, PathOf(name), message));

    /// <summary>A member whatever it is, or null.</summary>
    internal JsonMember? Find(string name)
    {
        _known.Add(name);
        return _members.GetValueOrDefault(name);
    }

    /// <summary>An object inside, or null.</summary>
    internal Section? Object(string name)
    {
        if (Find(name) is not { } member)
        {
            return null;
        }

        if (member.Value.Kind == JsonValueKind.Object)
        {
            return Inner(name, member.Value);
        }

        Error(member.Value.Line, name, $"{member.Value.Shown} is no object");
        return null;
    }

    /// <summary>A section of an object that stands inside.</summary>
    internal Section Inner(string name, JsonTree tree) => new(tree, PathOf(name), _errors);

    internal Given<bool>? Switch(string name) =>
        Read(name, static v => v.Kind is JsonValueKind.True or JsonValueKind.False ? v.Kind == JsonValueKind.True : (bool?)null, "is neither true nor false");

    internal Given<string>? Choice(string name, params string[] choices)
    {
        if (Find(name) is not { } member)
        {
            return null;
        }

        if (member.Value.Kind == JsonValueKind.String && choices.Contains(member.Value.Text))
        {
            return new Given<string>(member.Value.Text, Source(member));
        }

        string? nearest = NearestName.Find(member.Value.Text, choices);
        Error(
            member.Value.Line, name,
            $"{member.Value.Shown} is none of {string.Join(", ", choices)}{(nearest is null ? "" : $"; did you mean {nearest}?")}");
        return null;
    }

    /// <summary>A size within bounds; null in the file means no limit where that is allowed.</summary>
    internal Given<long?>? Size(string name, long least, long most, bool orNull, string examples) => Bounded(
        name, orNull, static v => v.Kind == JsonValueKind.Number || v.Kind == JsonValueKind.String ? Units.ParseSize(v.Text) : null,
        $"is no size; give e.g. {examples}", least, most, static n => Units.SizeText(n));

    /// <summary>A duration within bounds; null in the file means no limit.</summary>
    internal Given<TimeSpan?>? Duration(string name, TimeSpan least, TimeSpan most, string examples)
    {
        Given<long?>? ticks = Bounded(
            name, true, static v => v.Kind == JsonValueKind.String ? Units.ParseDuration(v.Text)?.Ticks : null,
            $"is no duration; give e.g. {examples}", least.Ticks, most.Ticks, static t => Units.DurationText(new TimeSpan(t)));
        return ticks is null ? null : new Given<TimeSpan?>(ticks.Value is { } t ? new TimeSpan(t) : null, ticks.Source);
    }

    /// <summary>Refuses members that nobody asked for.</summary>
    /// <param name="what">What they would be: "setting", "module".</param>
    internal void RefuseOthers(string what = "setting")
    {
        foreach (JsonMember member in _members.Values.Where(m => !_known.Contains(m.Name)))
        {
            string? nearest = NearestName.Find(member.Name, _known);
            Error(
                member.Line, member.Name,
                $"there is no such {what}{(nearest is null ? "" : $"; did you mean {nearest}?")} (there are {string.Join(", ", _known)})");
        }
    }

    internal PolicySource Source(JsonMember member) => new(PathOf(member.Name), member.Line);

    private Given<T>? Read<T>(string name, Func<JsonTree, T?> parse, string wrong)
        where T : struct
    {
        if (Find(name) is not { } member)
        {
            return null;
        }

        if (parse(member.Value) is { } value)
        {
            return new Given<T>(value, Source(member));
        }

        Error(member.Value.Line, name, $"{member.Value.Shown} {wrong}");
        return null;
    }

    private Given<long?>? Bounded(
        string name, bool orNull, Func<JsonTree, long?> parse, string wrong, long least, long most, Func<long, string> show)
    {
        if (orNull && Find(name) is { Value.Kind: JsonValueKind.Null } none)
        {
            return new Given<long?>(null, Source(none));
        }

        if (Read(name, parse, wrong) is not { } given)
        {
            return null;
        }

        if (given.Value < least || given.Value > most)
        {
            JsonTree value = _members[name].Value;
            Error(value.Line, name, string.Create(CultureInfo.InvariantCulture, $"{value.Shown} is not from {show(least)} to {show(most)}"));
            return null;
        }

        return new Given<long?>(given.Value, given.Source);
    }
}
