using System.Globalization;
using ECapture.Cli.Options;

namespace ECapture.Cli.Admin;

/// <summary>
/// A report on its way from another process: its lines, then one that says how it ended. Without that line it is not whole. No line of a report begins with
/// a control character.
/// </summary>
internal static class AdminReport
{
    private const string Ended = "\u0004exit ";
    private const string Failed = "\u0004failed ";

    /// <summary>Runs an operation and writes its report with its end.</summary>
    internal static async Task WriteAsync(TextWriter output, Func<Task<int>> operation)
    {
        string end;
        try
        {
            int code = await operation();
            end = string.Create(CultureInfo.InvariantCulture, $"{Ended}{code}");
        }
        catch (Exception e) when (e is not OperationCanceledException) // it is the command's to say, wherever it runs
        {
            end = Failed + e.Message.ReplaceLineEndings(" ");
        }

        await output.WriteLineAsync(end);
        await output.FlushAsync();
    }

    /// <summary>Reads a report.</summary>
    /// <param name="input">Where it comes from.</param>
    /// <param name="line">Takes each line.</param>
    /// <param name="from">Who sends it, for messages.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="UsageException">The operation failed; the message is its own.</exception>
    /// <exception cref="IOException">The report broke off.</exception>
    internal static async Task<int> ReadAsync(TextReader input, Func<string, Task> line, string from, CancellationToken cancellationToken)
    {
        while (await input.ReadLineAsync(cancellationToken) is { } text)
        {
            if (text.StartsWith(Ended, StringComparison.Ordinal))
            {
                return int.Parse(text.AsSpan(Ended.Length), NumberStyles.None, CultureInfo.InvariantCulture);
            }

            if (text.StartsWith(Failed, StringComparison.Ordinal))
            {
                throw new UsageException(text[Failed.Length..]);
            }

            await line(text);
        }

        throw new IOException($"{from} broke off its report; its log says why");
    }
}
