using ECapture.Capture.Bpf;
using ECapture.Capture.Elf;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Modules.Tls;
using ECapture.Capture.Publishing;

namespace ECapture.Capture.Modules.Postgres;

/// <summary>Finds PostgreSQL server programs on disk, in running processes and among programs that start, and attaches to them.</summary>
internal sealed class ServerTargets(ModuleContext context, BpfObject postgres)
{
    private const string Program = "postgres";
    private const int MostWaiting = 2048; // servers that wait for their client when the agent starts, watched one by one

    private readonly HashSet<FileIdentity> _attached = [];
    private readonly List<ModuleTarget> _targets = [];
    private readonly Dictionary<uint, List<BpfLink>> _waiting = [];
    private readonly Dictionary<uint, ServerTitle> _titles = [];
    private ulong _attachedNs;

    /// <summary>Program files that are attached to.</summary>
    internal IReadOnlyList<ModuleTarget> Targets => [.. _targets];

    /// <summary>Attaches to everything that is there now.</summary>
    internal void AttachAll()
    {
        foreach (string path in context.Options.PostgresPrograms)
        {
            if (!File.Exists(path))
            {
                throw new CaptureException($"there is no PostgreSQL program {path}: give the path of an existing file") { IsUsage = true };
            }

            if (TryAttach(path, path) is { Length: > 0 } reason)
            {
                throw new CaptureException($"cannot capture PostgreSQL program {path}: {reason}") { IsUsage = true };
            }
        }

        foreach (string path in OnDisk())
        {
            Attach(path, path);
        }

        _attachedNs = context.BootNs();
        foreach ((uint pid, string path) in RunningPrograms.List())
        {
            if (Path.GetFileName(path) == Program)
            {
                string file = $"/proc/{pid}/exe";
                Attach(file, path);
                ServerTitle title = _titles[pid] = ServerTitle.Read(pid);

                // Only who serves a client: a breakpoint in the postmaster is inherited by every server that it forks, and hit there for nothing.
                if (title.Client is { Length: > 0 })
                {
                    Watch(pid, file);
                }
            }
        }
    }

    /// <summary>
    /// The title that a server had when the agent started; read then, because the process may be gone when its statements are published.
    /// </summary>
    internal ServerTitle? TakeTitle(in RecordHeader server) =>
        server.ProcessStart < _attachedNs && _titles.Remove(server.Pid, out ServerTitle title) ? title : null;

    /// <summary>Says, before the object is loaded, how its programs are attached.</summary>
    internal static void Prepare(BpfObject obj) => obj.PrepareUprobes(
        "on_read", "on_read_done", "on_write", "on_write_done", "on_raw_read", "on_raw_read_done", "on_tls_read", "on_tls_read_done");

    /// <summary>Looks at a program that began.</summary>
    internal void Look(StartedProcess process)
    {
        string executable = process.Executable.ToStringUtf8();
        if (Path.GetFileName(executable) == Program && process.FindFile() is { } file)
        {
            Attach(file, executable, EventHeader.From(process.Record.Header));
        }
    }

    /// <summary>Takes the extra probes off servers that do not need them any more.</summary>
    internal void Settle()
    {
        BpfMap settled = postgres.Maps["postgres_settled"];
        foreach (uint pid in _waiting.Keys.ToList())
        {
            if (settled.TryGet(pid, out byte _) || !Directory.Exists($"/proc/{pid}"))
            {
                _waiting.Remove(pid, out List<BpfLink>? links);
                links?.ForEach(l => l.Dispose());
            }
        }
    }

    private static IEnumerable<string> OnDisk()
    {
        const string Debian = "/usr/lib/postgresql";
        IEnumerable<string> versions = Directory.Exists(Debian) ? Directory.EnumerateDirectories(Debian).Select(d => Path.Combine(d, "bin", Program)) : [];
        return versions
            .Concat(Directory.EnumerateDirectories("/usr").Where(d => Path.GetFileName(d).StartsWith("pgsql", StringComparison.Ordinal)).Select(d => Path.Combine(d, "bin", Program)))
            .Append("/usr/bin/postgres")
            .Append("/usr/local/pgsql/bin/postgres")
            .Where(File.Exists);
    }

    private void Attach(string file, string name, EventHeader? began = null)
    {
        if (TryAttach(file, name, began) is { Length: > 0 } reason)
        {
            context.NotCovered("postgres", name, reason);
        }
    }

    // Says why it cannot be attached to; empty: it is. began: the process that showed it, when it was not there at the start.
    private string TryAttach(string file, string name, EventHeader? began = null)
    {
        if (!FileIdentity.TryRead(file, out FileIdentity identity) || !_attached.Add(identity))
        {
            return "";
        }

        try
        {
            using ElfFile elf = ElfFile.Open(file);
            if (!elf.TryGetSymbolOffset("secure_read", out ulong read) || !elf.TryGetSymbolOffset("secure_write", out ulong write))
            {
                return "it does not export secure_read and secure_write: its statements are not seen";
            }

            postgres.AttachUprobes("on_read_done", file, [new UprobePoint(read, 0)], isReturn: true);
            postgres.AttachUprobes("on_write_done", file, [new UprobePoint(write, 0)], isReturn: true);
            postgres.AttachUprobes("on_read", file, [new UprobePoint(read, 0)]);
            postgres.AttachUprobes("on_write", file, [new UprobePoint(write, 0)]);
            _targets.Add(new ModuleTarget(name, file, "4 probes", began is { } header ? context.DeclareWindow(header, "postgres", name) : 0));
            return "";
        }
        catch (CaptureException) when (!File.Exists(file))
        {
            _attached.Remove(identity); // the process that led to it has ended: the next one will be looked at
            return "";
        }
        catch (CaptureException e)
        {
            return e.Message;
        }
    }

    // The server is inside secure_read, which was entered before it was watched.
    private void Watch(uint pid, string file)
    {
        if (_waiting.Count >= MostWaiting || _waiting.ContainsKey(pid))
        {
            return;
        }

        List<BpfLink> links = _waiting[pid] = [];
        try
        {
            using ElfFile elf = ElfFile.Open(file);
            if (elf.TryGetSymbolOffset("secure_raw_read", out ulong raw))
            {
                links.AddRange(postgres.AttachUprobes("on_raw_read_done", file, [new UprobePoint(raw, 0)], isReturn: true, pid: (int)pid));
                links.AddRange(postgres.AttachUprobes("on_raw_read", file, [new UprobePoint(raw, 0)], pid: (int)pid));
            }

            if (elf.TryGetSymbolOffset("be_tls_read", out ulong tls))
            {
                links.AddRange(postgres.AttachUprobes("on_tls_read_done", file, [new UprobePoint(tls, 0)], isReturn: true, pid: (int)pid));
                links.AddRange(postgres.AttachUprobes("on_tls_read", file, [new UprobePoint(tls, 0)], pid: (int)pid));
            }
        }
        catch (CaptureException) when (!Directory.Exists($"/proc/{pid}"))
        {
            // It ended meanwhile.
        }
        catch (CaptureException e)
        {
            context.NotCovered("postgres", $"process {pid}", $"the first statement of its session may be missed: {e.Message}");
        }
    }
}
