using ECapture.Log;
using ECapture.Sink.Operations;
using ECapture.Storage;
using ECapture.Tests.Support.Sink;

namespace ECapture.Tests.Integration.Sink.Operations;

/// <summary>An operation that was run, with its report.</summary>
internal sealed record OperationRun(int ExitCode, string Report, RecordingJournal Journal)
{
    public string[] Lines => Report.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<OperationRun> RunAsync(
        Func<OperationContext, CancellationToken, Task<int>> operation, Store store, LogAddress? log = null, params (string Name, string Value)[] parameters) =>
        RunAsync(operation, store, log, context => context, parameters);

    /// <param name="operation">What is run.</param>
    /// <param name="store">On which store.</param>
    /// <param name="log">Its log.</param>
    /// <param name="with">Adds what the operation is given beside these.</param>
    /// <param name="parameters">Its parameters.</param>
    public static async Task<OperationRun> RunAsync(
        Func<OperationContext, CancellationToken, Task<int>> operation, Store store, LogAddress? log, Func<OperationContext, OperationContext> with,
        params (string Name, string Value)[] parameters)
    {
        using StringWriter output = new() { NewLine = "\n" };
        RecordingJournal journal = new();
        OperationParameters given = new(parameters.Select(p => KeyValuePair.Create(p.Name, p.Value)));
        int code = await operation(with(new OperationContext(store, log, null, journal, given, output)), TestContext.Current.CancellationToken);
        return new OperationRun(code, output.ToString(), journal);
    }
}
