using ECapture.Storage.Tables;

namespace ECapture.Storage.Reading.Expressions;

/// <summary>A name that filter expressions may use.</summary>
public sealed class FilterField
{
    private readonly string[] _columns;
    private readonly string? _onlyWith;

    /// <param name="name">As users write it.</param>
    /// <param name="type">What its values are.</param>
    /// <param name="description">One sentence.</param>
    /// <param name="example">A comparison.</param>
    /// <param name="columns">Columns of which any may match; empty: the module's name.</param>
    /// <param name="onlyWith">Only tables that have this column, too, have the field.</param>
    /// <param name="isPayload">True when it tells what was said, not who spoke.</param>
    /// <param name="choices">Names and numbers of a choice.</param>
    internal FilterField(
        string name, FilterFieldType type, string description, string example, string[] columns, string? onlyWith = null, bool isPayload = false,
        (string Name, long Value)[]? choices = null)
    {
        Name = name;
        Type = type;
        Description = description;
        Example = example;
        IsPayload = isPayload;
        Choices = choices ?? [];
        _columns = columns;
        _onlyWith = onlyWith;
    }

    /// <summary>As users write it.</summary>
    public string Name { get; }

    /// <summary>What its values are.</summary>
    public FilterFieldType Type { get; }

    /// <summary>One sentence.</summary>
    public string Description { get; }

    /// <summary>A comparison.</summary>
    public string Example { get; }

    /// <summary>True when it tells what was said (plaintext, statements, commands), not who spoke.</summary>
    public bool IsPayload { get; }

    /// <summary>Names of a choice; empty otherwise.</summary>
    public IEnumerable<string> ChoiceNames => Choices.Select(c => c.Name);

    internal IReadOnlyList<(string Name, long Value)> Choices { get; }

    internal bool IsModule => _columns.Length == 0;

    /// <summary>The columns of a table that hold it; none when the table does not know it.</summary>
    internal IEnumerable<Column> ColumnsOf(EventTable table) =>
        _onlyWith is null || table.Columns.Any(c => c.Name == _onlyWith) ? table.Columns.Where(c => _columns.Contains(c.Name)) : [];
}
