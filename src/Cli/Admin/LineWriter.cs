using System.Text;

namespace ECapture.Cli.Admin;

/// <summary>Hands over whole lines, as a report writes them.</summary>
internal sealed class LineWriter(Func<string, Task> line) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override Task WriteLineAsync(string? value) => line(value ?? "");

    public override void Write(char value) => throw new NotSupportedException("a report is written by lines");
}
