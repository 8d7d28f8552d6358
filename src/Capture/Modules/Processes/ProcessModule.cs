using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Publishing;
using ECapture.Events;
using ECapture.Events.V1;

namespace ECapture.Capture.Modules.Processes;

/// <summary>
/// Publishes the start of every program (execve) and the end of every process. Other modules learn of both through
/// <see cref="ModuleContext.Processes"/>. The end of a process is that of its first thread.
/// </summary>
public sealed class ProcessModule : IModule, IRecordHandler
{
    private ModuleContext? _context;
    private BpfObject? _object;
    private PlainProcesses? _plain;

    /// <inheritdoc/>
    public string Name => "process";

    /// <inheritdoc/>
    public void Start(ModuleContext context)
    {
        _context = context;
        BpfObject obj = _object = context.OpenObject("process");
        BtfTypes types = obj.ReadTypes();
        RecordLayout.Check<ProcessFacts>(types);
        RecordLayout.Check<ExecRecord>(types);
        RecordLayout.Check<ExitRecord>(types);
        RecordLayout.Check<ImageKey>(types);
        context.ShellRing.Join(obj);
        obj.Load();
        context.Read(Name, obj, this, context.ShellRing, ExecRecord.Type / 16);
        context.Processes.ShellImages = obj.Maps["shell_images"];
        context.Processes.ShellProcesses = obj.Maps["shell_processes"];
        if (context.Fit.Set == ObjectSet.Plain)
        {
            RecordLayout.Check<ForkRecord>(types);
            RecordLayout.Check<ArgumentsRecord>(types);
            _plain = new PlainProcesses(obj.Maps["shell_images"], obj.Maps["shell_processes"]);
            foreach (string program in (string[])["on_execve", "on_execveat", "on_exit_group", "on_exit_call", "on_signal"])
            {
                obj.Attach(program);
            }
        }

        obj.Attach("on_fork");
        obj.Attach("on_exit");
        obj.Attach("on_exec");
    }

    /// <inheritdoc/>
    public void OnRecord(ReadOnlySpan<byte> record)
    {
        ModuleContext context = _context!;
        if (!MemoryMarshal.TryRead(record, out RecordHeader header))
        {
            context.Losses.Count(Name, "record too short");
        }
        else if (header.Type == ExitRecord.Type && MemoryMarshal.TryRead(record, out ExitRecord ended))
        {
            _plain?.OnExit(header.Pid);
            Publish(context, ended);
            context.Processes.Ended(ended);
        }
        else if (header.Type == ExecRecord.Type && (_plain is null ? StartedProcess.Read(record) : _plain.OnExec(record)) is { } started)
        {
            Publish(context, started);
            context.Processes.Started(started);
        }
        else if (_plain is not null && header.Type == ForkRecord.Type && MemoryMarshal.TryRead(record, out ForkRecord fork))
        {
            _plain.OnFork(fork);
        }
        else if (_plain is not null && header.Type == ArgumentsRecord.Type && record.Length >= Unsafe.SizeOf<ArgumentsRecord>() && _plain.OnArguments(record))
        {
            // Kept until the program begins.
        }
        else
        {
            context.Losses.Count(Name, "record of an unknown kind");
        }
    }

    /// <inheritdoc/>
    public void Tick(ulong bootNs)
    {
    }

    /// <inheritdoc/>
    public void Detach() => _object?.Detach();

    /// <inheritdoc/>
    public void Flush()
    {
    }

    /// <inheritdoc/>
    public void Dispose() => _object?.Dispose();

    private static void Publish(ModuleContext context, StartedProcess started)
    {
        ref readonly ProcessFacts facts = ref started.Record.Facts;
        ProcessExec payload = new()
        {
            Parent = facts.Parent,
            ParentStartNs = facts.ParentStart,
            Executable = started.Executable,
            ArgumentsCut = started.AreArgumentsCut,
            Directory = started.Directory,
            Terminal = started.Terminal,
            Session = facts.Session,
            LoginUid = facts.LoginUid,
            LoginSession = facts.LoginSession,
            Gid = facts.Gid,
            Cgroup = started.Cgroup,
            Container = started.Container,
        };
        payload.Arguments.AddRange(started.Arguments);
        context.Publisher.Publish(Topics.Process, EventHeader.From(started.Record.Header), new Event { ProcessExec = payload });
    }

    private static void Publish(ModuleContext context, in ExitRecord ended) => context.Publisher.Publish(
        Topics.Process,
        EventHeader.From(ended.Header),
        new Event
        {
            ProcessExit = new ProcessExit
            {
                ExitStatus = ended.ExitStatus,
                Signal = ended.Signal,
                DurationNs = ended.Header.BootNs - Math.Min(ended.Header.BootNs, ended.Header.ProcessStart),
            },
        });
}
