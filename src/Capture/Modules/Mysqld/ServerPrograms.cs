using ECapture.Capture.Bpf;
using ECapture.Capture.Elf;
using ECapture.Capture.Modules.Processes;
using ECapture.Capture.Publishing;

namespace ECapture.Capture.Modules.Mysqld;

/// <summary>Finds MariaDB and MySQL server programs on disk, in running processes and among programs that start, and attaches to them.</summary>
internal sealed class ServerPrograms(ModuleContext context, BpfObject mysqld)
{
    private const string Enter = "on_enter";
    private const string Return = "on_return";
    private const ulong ReadFunction = 1; // enum function of bpf/mysqld.bpf.c
    private const ulong WriteFunction = 2;
    private const ulong DeleteFunction = 3;

    private static readonly string[] s_names = ["mariadbd", "mysqld"];
    private static readonly string[] s_folders = ["/usr/sbin", "/usr/libexec", "/usr/bin", "/usr/local/sbin", "/usr/local/mysql/bin"];

    // By the names that MariaDB's C and MySQL's C++ compilers give them.
    private static readonly (string C, string Cpp, ulong Function, bool IsRequired)[] s_functions =
    [
        ("vio_read", "_Z8vio_readP3VioPhm", ReadFunction, true),
        ("vio_write", "_Z9vio_writeP3VioPKhm", WriteFunction, true),
        ("vio_ssl_read", "_Z12vio_ssl_readP3VioPhm", ReadFunction, false),
        ("vio_ssl_write", "_Z13vio_ssl_writeP3VioPKhm", WriteFunction, false),
        ("vio_delete", "_Z10vio_deleteP3Vio", DeleteFunction, true),
    ];

    private readonly HashSet<FileIdentity> _attached = [];

    private readonly List<ModuleTarget> _targets = [];

    /// <summary>Program files that are attached to.</summary>
    internal IReadOnlyList<ModuleTarget> Targets => [.. _targets];

    /// <summary>Says how the programs are attached, before the object is loaded.</summary>
    internal static void Prepare(BpfObject obj) => obj.PrepareUprobes(Enter, Return);

    /// <summary>Attaches to everything that is there now.</summary>
    internal void AttachAll()
    {
        foreach (string path in context.Options.MysqldPrograms)
        {
            if (!File.Exists(path))
            {
                throw new CaptureException($"there is no MariaDB or MySQL program {path}: give the path of an existing file") { IsUsage = true };
            }

            if (TryAttach(path, path) is { Length: > 0 } reason)
            {
                throw new CaptureException($"cannot capture MariaDB or MySQL program {path}: {reason}") { IsUsage = true };
            }
        }

        foreach (string path in s_folders.SelectMany(folder => s_names.Select(name => Path.Combine(folder, name))).Where(File.Exists))
        {
            Attach(path, path);
        }

        foreach ((uint pid, string path) in RunningPrograms.List())
        {
            if (s_names.Contains(Path.GetFileName(path)))
            {
                Attach($"/proc/{pid}/exe", path);
            }
        }
    }

    /// <summary>Looks at a program that began.</summary>
    internal void Look(StartedProcess process)
    {
        string executable = process.Executable.ToStringUtf8();
        if (s_names.Contains(Path.GetFileName(executable)) && process.FindFile() is { } file)
        {
            Attach(file, executable, EventHeader.From(process.Record.Header));
        }
    }

    private void Attach(string file, string name, EventHeader? began = null)
    {
        if (TryAttach(file, name, began) is { Length: > 0 } reason)
        {
            context.NotCovered("mysqld", name, reason);
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
            List<UprobePoint> entries = [];
            List<UprobePoint> returns = [];
            foreach ((string c, string cpp, ulong function, bool isRequired) in s_functions)
            {
                if (!elf.TryGetSymbolOffset(c, out ulong offset) && !elf.TryGetSymbolOffset(cpp, out offset))
                {
                    if (isRequired)
                    {
                        return $"it does not export {c}: its statements are not seen";
                    }

                    context.NotCovered("mysqld", name, $"it does not export {c}: statements of its TLS sessions are not seen");
                    continue;
                }

                entries.Add(new UprobePoint(offset, function));
                if (function != DeleteFunction)
                {
                    returns.Add(new UprobePoint(offset, function));
                }
            }

            // The return first: an entry without one would wait for a return that nobody sees.
            mysqld.AttachUprobes(Return, file, [.. returns], isReturn: true);
            mysqld.AttachUprobes(Enter, file, [.. entries]);
            _targets.Add(new ModuleTarget(
                name, file, ModuleSummary.Count(entries.Count + returns.Count, "probe", "probes"), began is { } header ? context.DeclareWindow(header, "mysqld", name) : 0));
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
}
