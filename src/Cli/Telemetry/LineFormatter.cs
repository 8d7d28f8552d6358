using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace ECapture.Cli.Telemetry;

/// <summary>One line a message: time, level, part, text; the exception's message, its stack trace only at debug level.</summary>
internal sealed class LineFormatter() : ConsoleFormatter(FormatterName)
{
    internal const string FormatterName = "line";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        string level = logEntry.LogLevel switch
        {
            LogLevel.Trace => "trace",
            LogLevel.Debug => "debug",
            LogLevel.Information => "info",
            LogLevel.Warning => "warn",
            _ => "error",
        };
        string category = logEntry.Category[(logEntry.Category.LastIndexOf('.') + 1)..];
        string text = logEntry.Formatter(logEntry.State, logEntry.Exception);
        string because = logEntry.Exception is null ? "" : ": " + logEntry.Exception.Message;
        textWriter.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} {level,-5} {category}: {text}{because}"));
    }
}
