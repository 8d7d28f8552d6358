using System.Text;

namespace ECapture.Events.Formatting;

/// <summary>Columns for people, two blanks apart. A value that is longer than its column moves the rest of its line, and is whole.</summary>
/// <param name="columns">The columns; the last one has no width.</param>
public sealed class TextTable(params TextTable.Column[] columns)
{
    /// <summary>The line of the columns' names.</summary>
    public string Header => Line([.. columns.Select(column => column.Name)]);

    /// <summary>A column of words.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="width">Characters.</param>
    public static Column Words(string name, int width = 0) => new(name, width, false);

    /// <summary>A column of numbers: they end below each other.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="width">Characters.</param>
    public static Column Numbers(string name, int width) => new(name, width, true);

    /// <summary>A line.</summary>
    /// <param name="values">One for each column; what came from outside was made printable before.</param>
    public string Line(params ReadOnlySpan<string> values)
    {
        StringBuilder line = new();
        for (int i = 0; i < columns.Length; i++)
        {
            Column column = columns[i];
            line.Append(i == 0 ? "" : "  ");
            line.Append(column.EndsAligned ? values[i].PadLeft(column.Width) : i == columns.Length - 1 ? values[i] : values[i].PadRight(column.Width));
        }

        return line.ToString();
    }

    /// <summary>A column.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Width">Characters.</param>
    /// <param name="EndsAligned">True for numbers.</param>
    public readonly record struct Column(string Name, int Width, bool EndsAligned);
}
