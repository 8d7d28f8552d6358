using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Terminal.Http;

/// <summary>Makes items of events: exchanges of plaintext, commands with their ends.</summary>
/// <param name="emit">Takes the items, in order.</param>
/// <param name="exitStatus">Only commands that ended with this status, once they ended; null: all, at once.</param>
internal sealed class ItemDecoder(Action<TerminalItem> emit, int? exitStatus)
{
    private const int MostCommands = 65_536;

    private readonly PlaintextConnections _connections = new(emit);
    private readonly Dictionary<ulong, Event> _commands = [];
    private readonly Queue<ulong> _commandOrder = [];

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
            case Event.ShellResultFieldNumber when _commands.Remove(received.Fields.Payload.Command, out Event? command):
                OnEnd(received.Topic, received.Parse(), command);
                break;
            case Event.LossFieldNumber or Event.CoverageFieldNumber:
                emit(new NoticeItem(received.Topic, received.Parse()));
                break;
            case Event.AgentStateFieldNumber when received.Fields.Payload.State == (uint)AgentState.Types.State.ModuleFailed:
                emit(new NoticeItem(received.Topic, received.Parse()));
                break;
        }
    }

    /// <summary>Passes time.</summary>
    internal void Tick(ulong nowNs) => _connections.Tick(nowNs);

    /// <summary>Emits what is unfinished.</summary>
    internal void Complete() => _connections.Close();

    private void OnCommand(string topic, Event command)
    {
        if (exitStatus is null)
        {
            emit(new CommandItem(topic, command));
        }

        ulong id = command.ShellCommand.Command;
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
        if (exitStatus is null || exitStatus == result.ShellResult.ExitStatus)
        {
            emit(new CommandEndItem(topic, result, command));
        }
    }
}
