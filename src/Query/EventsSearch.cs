using System.Diagnostics;
using System.IO.Pipelines;
using ECapture.Query.Connections;
using ECapture.Query.Formatting;
using ECapture.Query.Requests;
using ECapture.Storage;
using ECapture.Storage.Reading;

namespace ECapture.Query;

/// <summary>Runs a search and writes its events in a form: the same for the API and for the command <c>ecapture events</c>.</summary>
public static class EventsSearch
{
    private const int FlushAt = 64 << 10;

    /// <summary>Writes the events.</summary>
    /// <param name="store">Where they are.</param>
    /// <param name="request">What to look for.</param>
    /// <param name="formatter">Their form.</param>
    /// <param name="output">Where they go; its speed is the speed of the read. It is not completed.</param>
    /// <param name="cancellationToken">Ends the search, in the store, too.</param>
    /// <param name="view">What is shown of an event; null: the event.</param>
    /// <returns>How many events, and where the last one stands; null without events.</returns>
    /// <exception cref="StoreException">The store failed; the output is cut.</exception>
    public static async Task<(long Count, EventCursor? Last)> WriteAsync(
        IEventStoreReader store, EventsRequest request, IEventFormatter formatter, PipeWriter output, CancellationToken cancellationToken,
        Func<StoredEvent, StoredEvent>? view = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(formatter);
        ArgumentNullException.ThrowIfNull(output);
        long begun = Stopwatch.GetTimestamp();
        using Activity? activity = QueryTelemetry.Activities.StartActivity("events.search");
        long count = 0;
        EventCursor? last = null;
        EventFilter filter = await ConnectionSpan.NarrowAsync(store, request.Filter, cancellationToken).ConfigureAwait(false);
        await foreach (StoredEvent stored in store.SearchAsync(
            filter, request.Order, request.After, request.Limit, cancellationToken).ConfigureAwait(false))
        {
            if (count == 0)
            {
                formatter.Begin(output); // not earlier: until here an error can still be the whole answer
            }

            formatter.Write(view is null ? stored : view(stored), output);
            last = stored.Cursor;
            count++;
            if (output.CanGetUnflushedBytes && output.UnflushedBytes > FlushAt)
            {
                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        if (count == 0)
        {
            formatter.Begin(output);
        }

        formatter.End(output);
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        activity?.SetTag("ecapture.events", count);
        QueryTelemetry.Events.Add(count);
        QueryTelemetry.SearchDuration.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds);
        return (count, last);
    }
}
