using System.Runtime.InteropServices;
using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Terminal.Http;

/// <summary>Makes items of events: exchanges of plaintext, commands with their ends.</summary>
/// <param name="emit">Takes the items, in order.</param>
internal sealed class ItemDecoder(Action<TerminalItem> emit)
{
    private const int MostCommands = 65_536;

    private readonly PlaintextConnections _connections = new(emit);
    private readonly Dictionary<(UInt128 Run, ulong Id), Event> _commands = [];
    private readonly Queue<(UInt128 Run, ulong Id)> _commandOrder = [];

    /// <summary>Only commands that ended with this status, once they ended; null: all, at once.</summary>
    internal int? ExitStatus { get; set; }

    /// <summary>True for what the agent says of itself and the user should read.</summary>
    internal static bool IsNotice(in ReceivedEvent received) => received.Kind switch
    {
        Event.LossFieldNumber or Event.CoverageFieldNumber => true,
        Event.AgentStateFieldNumber => (AgentState.Types.State)received.Fields.Payload.State is AgentState.Types.State.ModuleFailed or AgentState.Types.State.Configured,
        _ => false,
    };

    /// <summary>Takes an event.</summary>
    internal void Write(in ReceivedEvent received)
    {
        switch (received.Kind)
        {
            case Event.TlsDataFieldNumber:
                _connections.Feed(received.Topic, received.Parse());
                break;
            case Event.ConnectionStateFieldNumber when received.Fields.HasFlow:
                _connections.OnState(
                    received.Fields.FlowId, (ConnectionState.Types.State)received.Fields.Payload.State, received.Fields.BootNs);
                break;
            case Event.SqlStatementFieldNumber:
                emit(new StatementItem(received.Topic, received.Parse()));
                break;
            case Event.ShellCommandFieldNumber:
                OnCommand(received.Topic, received.Parse());
                break;
            case Event.ShellResultFieldNumber when _commands.Remove((RunOf(received.Fields.Run.Of(received.Encoded)), received.Fields.Payload.Command), out Event? command):
                OnEnd(received.Topic, received.Parse(), command);
                break;
            case var _ when IsNotice(received):
                emit(new NoticeItem(received.Topic, received.Parse()));
                break;
        }
    }

    /// <summary>Passes time.</summary>
    internal void Tick(ulong nowNs) => _connections.Tick(nowNs);

    /// <summary>Emits what is unfinished.</summary>
    internal void Complete() => _connections.Close();

    private static UInt128 RunOf(ReadOnlySpan<byte> run) => MemoryMarshal.TryRead(run, out UInt128 id) ? id : default;

    private void OnCommand(string topic, Event command)
    {
        if (ExitStatus is null)
        {
            emit(new CommandItem(topic, command));
        }

        (UInt128, ulong) id = (RunOf(command.Run.Span), command.ShellCommand.Command);
        if (_commands.TryAdd(id, command))
        {
            _commandOrder.Enqueue(id);
        }

        while (_commandOrder.Count > MostCommands)
        {
            _commands.Remove(_commandOrder.Dequeue());
        }
    }

    private void OnEnd(string topic, Event result, Event command)
    {
        if (ExitStatus is null || ExitStatus == result.ShellResult.ExitStatus)
        {
            emit(new CommandEndItem(topic, result, command));
        }
    }
}
