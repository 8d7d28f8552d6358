using System.Buffers;
using ECapture.Events.V1;
using ECapture.Terminal.Delivery;
using ECapture.Terminal.Http;

namespace ECapture.Terminal;

/// <summary>Text mode: events become items, each item a record for every place it goes to. What the agent says of itself goes where messages go.</summary>
internal sealed class ItemOutput : IEventOutput
{
    private readonly ItemDecoder _decoder;
    private readonly IReadOnlyList<Route> _routes;
    private readonly ArrayBufferWriter<byte> _record = new();

    internal ItemOutput(IReadOnlyList<Route> routes, int? exitStatus = null)
    {
        _routes = routes;
        _decoder = new ItemDecoder(Emit) { ExitStatus = exitStatus };
    }

    /// <summary>Only commands that ended with this status, once they ended; null: all, at once. Set between two events.</summary>
    internal int? ExitStatus
    {
        get => _decoder.ExitStatus;
        set => _decoder.ExitStatus = value;
    }

    /// <inheritdoc/>
    public void Write(in ReceivedEvent received)
    {
        _decoder.Write(received);
        foreach (Route route in _routes)
        {
            if (route.Format is null && IsShown(received))
            {
                route.Target.Write(received.Encoded);
                TerminalMetrics.Written.Add(1);
            }
        }
    }

    /// <inheritdoc/>
    public void Tick(ulong nowNs)
    {
        _decoder.Tick(nowNs);
        foreach (Route route in _routes)
        {
            route.Target.Tick();
        }
    }

    /// <inheritdoc/>
    public void Complete()
    {
        _decoder.Complete();
        foreach (Route route in _routes)
        {
            route.Target.Complete();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Route route in _routes)
        {
            route.Target.Dispose();
        }
    }

    // What items are made of, and what they do without.
    private static bool IsShown(in ReceivedEvent received) => received.Kind is Event.TlsDataFieldNumber or Event.SqlStatementFieldNumber or Event.ShellCommandFieldNumber
        or Event.ShellResultFieldNumber
        || ItemDecoder.IsNotice(received);

    private void Emit(TerminalItem item)
    {
        foreach (Route route in _routes)
        {
            if (route.Format is null || !(item is NoticeItem ? route.TakesNotices : route.TakesItems))
            {
                continue;
            }

            _record.ResetWrittenCount();
            route.Format.Write(item, _record);
            if (_record.WrittenCount > 0)
            {
                route.Target.Write(_record.WrittenSpan);
                TerminalMetrics.Written.Add(1);
            }
        }
    }
}

/// <summary>A form and the place it goes to.</summary>
/// <param name="Format">How items look there; null: the events themselves, as they are encoded.</param>
/// <param name="Target">The place.</param>
/// <param name="TakesItems">What was captured goes there.</param>
/// <param name="TakesNotices">What the agent says of itself goes there.</param>
internal sealed record Route(IItemFormat? Format, IRecordTarget Target, bool TakesItems, bool TakesNotices);
