using System.Runtime.InteropServices;
using System.Text;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;
using Google.Protobuf;

namespace ECapture.Capture.Modules.Shells;

/// <summary>
/// Publishes the lines typed into a shell, and the programs that it starts (in scripts, by -c, in pipes, in the background, by exec), each with
/// its end; a <see cref="Shell"/> says what is different from one to the other. A line ends at the next prompt of its shell with the <c>$?</c> of that moment, or with the shell; the lines of one command that was
/// typed over several all end with it. A program ends with its process; two that ran in one process (<c>bash -c 'exec x'</c>) end together.
/// </summary>
public abstract class ShellModule : IModule, IRecordHandler, IProcessObserver
{
    private const int MostOpen = 64 * 1024;
    private const ulong ForgetEveryNs = 60_000_000_000;

    private readonly Shell _shell;
    private readonly OpenCommands _open = new(MostOpen);
    private ModuleContext? _context;
    private BpfObject? _object;
    private LineAssembler? _lines;
    private ShellTargets? _targets;
    private ulong _nextForget;
    private bool _hasLibraries;

    private protected ShellModule(Shell shell) => _shell = shell;

    /// <inheritdoc/>
    public string Name => _shell.Name;

    /// <inheritdoc/>
    public string Summary => ModuleSummary.Count(_targets?.Count ?? 0, "shell", "shells");

    /// <inheritdoc/>
    public IReadOnlyList<ModuleTarget> Targets => _targets?.Targets ?? [];

    /// <inheritdoc/>
    public void Start(ModuleContext context)
    {
        _context = context;
        _lines = new LineAssembler(context.Options.PayloadLimit);
        BpfObject obj = _object = context.OpenObject(Name, everyProcess: true);
        BtfTypes types = obj.ReadTypes();
        RecordLayout.Check<ProcessFacts>(types);
        RecordLayout.Check<LineRecord>(types);
        RecordLayout.Check<MoreRecord>(types);
        RecordLayout.Check<PromptRecord>(types);
        _shell.CheckLayouts(types);
        obj.PrepareUprobes("on_line", "on_prompt");
        context.ShellRing.Join(obj);
        obj.Load();
        context.Read(Name, obj, this, context.ShellRing, _shell.FirstRecord / 16u);
        context.Processes.Subscribe(this);
        _hasLibraries = _shell.AttachLibraries(obj, context.Options);
        _targets = new ShellTargets(context, obj, _shell);
        _targets.AttachAll();
    }

    /// <inheritdoc/>
    public void OnRecord(ReadOnlySpan<byte> record)
    {
        if (!MemoryMarshal.TryRead(record, out RecordHeader header))
        {
            _context!.Losses.Count(Name, "record too short");
            return;
        }

        switch (header.Type - _shell.FirstRecord)
        {
            case LineRecord.Type:
                Publish(_lines!.Begin(record));
                break;
            case MoreRecord.Type:
                Publish(_lines!.Continue(record));
                break;
            case PromptRecord.Type when MemoryMarshal.TryRead(record, out PromptRecord prompt):
                OnPrompt(prompt);
                break;
            default:
                _context!.Losses.Count(Name, "record of an unknown kind");
                break;
        }
    }

    void IProcessObserver.OnStarted(StartedProcess process)
    {
        ref readonly ExecRecord record = ref process.Record;
        if (_shell.Owns(record.Previous))
        {
            ShellCommand command = NewCommand(ShellCommand.Types.Kind.Exec, record.Previous, record.Facts);
            command.Text = Join(process.Arguments);
            command.Arguments.AddRange(process.Arguments);
            command.Directory = process.Directory;
            command.Executable = process.Executable;
            Publish(EventHeader.From(record.Header), command, isLine: false, record.Header);
        }

        _targets?.Look(process);
    }

    void IProcessObserver.OnEnded(in ExitRecord process)
    {
        foreach (OpenCommand command in _open.TakeAll(process.Header))
        {
            Publish(process.Header, command, process.ShellStatus, process.Signal);
        }
    }

    /// <inheritdoc/>
    public void Tick(ulong bootNs)
    {
        if (bootNs >= _nextForget)
        {
            _nextForget = bootNs + ForgetEveryNs;
            _open.Forget(pid => !Directory.Exists($"/proc/{pid}"));
        }
    }

    /// <inheritdoc/>
    public void Detach() => _object?.Detach();

    /// <inheritdoc/>
    public void Flush()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _context?.Processes.Unsubscribe(this);
        _object?.Dispose();
        GC.SuppressFinalize(this);
    }

    private void OnPrompt(in PromptRecord prompt)
    {
        if ((prompt.Header.Flags & PromptRecord.Continuation) != 0)
        {
            return; // the command goes on: nothing ended
        }

        IReadOnlyList<OpenCommand> lines = _open.TakeLines(prompt.Header);
        if ((prompt.Header.Flags & PromptRecord.HasStatus) == 0)
        {
            return;
        }

        // A shell keeps the signal of an earlier command: it is this one's only when $? says so too.
        uint signal = prompt.Signal > 0 && prompt.Status == 128 + prompt.Signal ? (uint)prompt.Signal : 0;
        foreach (OpenCommand line in lines)
        {
            Publish(prompt.Header, line, prompt.Status, signal);
        }
    }

    private void Publish(TypedLine? line)
    {
        if (line is null || _shell.Decode(line.Text) is not { } text || text.AsSpan().Trim(" \t\r\n"u8).IsEmpty)
        {
            return;
        }

        if (_hasLibraries && !(_context!.Processes.ShellProcesses is { } shells && shells.TryGet(line.Record.Header.Pid, out uint kind) && _shell.Owns(kind)))
        {
            return; // another program with the same line editor
        }

        ProcessFacts facts = line.Record.Facts;
        byte[] directory = line.Directory;
        if ((line.Record.Header.Flags & LineRecord.Unresolved) != 0)
        {
            LiveProcess? live = LiveProcess.Find(line.Record.Header);
            live?.Complete(ref facts);
            directory = Encoding.UTF8.GetBytes(live?.Directory ?? "");
        }

        ShellCommand command = NewCommand(ShellCommand.Types.Kind.Line, _shell.Kind, facts);
        command.Text = UnsafeByteOperations.UnsafeWrap(text);
        command.Directory = UnsafeByteOperations.UnsafeWrap(directory);
        EventHeader header = EventHeader.From(line.Record.Header);
        header.OriginalLength = line.OriginalLength;
        Publish(header, command, isLine: true, line.Record.Header);
    }

    private ShellCommand NewCommand(ShellCommand.Types.Kind kind, uint shell, in ProcessFacts facts) => new()
    {
        Kind = kind,
        Shell = ShellKinds.NameOf(shell),
        Command = _context!.Processes.NextCommand(),
        Terminal = UnsafeByteOperations.UnsafeWrap(facts.TerminalName()),
        Parent = facts.Parent,
        Session = facts.Session,
        LoginUid = facts.LoginUid,
    };

    private void Publish(in EventHeader header, ShellCommand command, bool isLine, in RecordHeader process)
    {
        if (!_open.Add(process, new OpenCommand(command.Command, process.BootNs, isLine)))
        {
            _context!.Losses.Count(Name, $"more than {MostOpen} commands wait for their end: exit status not known");
        }

        _context!.Publisher.Publish(_shell.Name, header, new Event { ShellCommand = command });
    }

    private void Publish(in RecordHeader end, OpenCommand command, int status, uint signal) => _context!.Publisher.Publish(
        _shell.Name,
        EventHeader.From(end),
        new Event
        {
            ShellResult = new ShellResult
            {
                Command = command.Id,
                ExitStatus = status,
                Signal = signal,
                DurationNs = end.BootNs - Math.Min(end.BootNs, command.StartNs),
            },
        });

    private static ByteString Join(IReadOnlyList<ByteString> arguments)
    {
        using MemoryStream text = new();
        for (int i = 0; i < arguments.Count; i++)
        {
            if (i > 0)
            {
                text.WriteByte((byte)' ');
            }

            text.Write(arguments[i].Span);
        }

        return ByteString.CopyFrom(text.GetBuffer().AsSpan(0, (int)text.Length));
    }
}
