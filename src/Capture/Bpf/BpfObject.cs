using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ECapture.Capture.Bpf;

/// <summary>
/// A compiled BPF object: opened, adjusted, loaded, attached. Not for use by several threads at once.
/// </summary>
public sealed unsafe class BpfObject : IDisposable
{
    private readonly List<BpfLink> _links = [];
    private readonly Dictionary<string, BpfMap> _maps = [];
    private readonly string _path;
    private BtfTypes? _types;
    private nint _handle;

    private BpfObject(nint handle, string path)
    {
        _handle = handle;
        _path = path;
        for (nint map = LibBpf.bpf_object__next_map(handle, 0); map != 0; map = LibBpf.bpf_object__next_map(handle, map))
        {
            string name = Marshal.PtrToStringUTF8((nint)LibBpf.bpf_map__name(map)) ?? "";
            _maps[name] = new BpfMap(map, name);
        }
    }

    /// <summary>Opens an object file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="onlyPids">See <see cref="OnlyPids"/>; null: all.</param>
    /// <param name="typesFile">BTF file that its reads are fitted by; null: the kernel's own types.</param>
    /// <exception cref="CaptureException">The file is missing or is no BPF object.</exception>
    public static BpfObject Open(string path, IReadOnlyList<int>? onlyPids = null, string? typesFile = null)
    {
        if (!File.Exists(path))
        {
            throw new CaptureException($"BPF object {path} is missing: build it with `make`");
        }

        BpfLog.Begin();
        nint types = Marshal.StringToCoTaskMemUTF8(typesFile);
        try
        {
            LibBpf.OpenOptions options = new() { Size = (nuint)sizeof(LibBpf.OpenOptions), TypesFile = types };
            nint handle = LibBpf.bpf_object__open_file(path, &options);
            return handle != 0
                ? new BpfObject(handle, path) { OnlyPids = onlyPids ?? [] }
                : throw Failure($"cannot open BPF object {path}", Marshal.GetLastPInvokeError());
        }
        finally
        {
            Marshal.FreeCoTaskMem(types);
        }
    }

    /// <summary>The maps by name.</summary>
    public IReadOnlyDictionary<string, BpfMap> Maps => _maps;

    /// <summary>
    /// Processes that <see cref="AttachUprobes"/> keeps to where it is not told which: nobody else traps. Empty, or a kernel before 6.10 (which tells threads apart, not
    /// processes): all, now and later.
    /// </summary>
    public IReadOnlyList<int> OnlyPids { get; init; } = [];

    /// <summary>The object's type information, as <see cref="BtfTypes"/> reads it.</summary>
    /// <exception cref="CaptureException">The object has none.</exception>
    public BtfTypes ReadTypes()
    {
        nint btf = LibBpf.bpf_object__btf(_handle);
        if (btf == 0)
        {
            throw new CaptureException($"BPF object {_path} has no BTF: compile it with -g");
        }

        byte* data = LibBpf.btf__raw_data(btf, out uint size);
        return BtfTypes.Parse(new ReadOnlySpan<byte>(data, checked((int)size)));
    }

    /// <summary>
    /// Loads maps and programs into the kernel. Sizes the map <c>scratch_slots</c> by the processors of this machine, and attaches the program that
    /// keeps maps by thread clean, where the object has one.
    /// </summary>
    /// <exception cref="CaptureException">The kernel refused; the message quotes its reason.</exception>
    public void Load()
    {
        const uint SlotsPerProcessor = 4; // SCRATCH_SLOTS in bpf/include/record.h
        if (_maps.TryGetValue("scratch_slots", out BpfMap? slots))
        {
            slots.SetMaxEntries((uint)BpfMap.Processors * SlotsPerProcessor);
        }

        BpfLog.Begin();
        int result = LibBpf.bpf_object__load(_handle);
        if (result != 0)
        {
            throw Failure($"the kernel refused BPF object {Path.GetFileName(_path)}", -result);
        }

        const string KeepsClean = "forget_thread"; // bpf/include/thread.h
        if (LibBpf.bpf_object__find_program_by_name(_handle, KeepsClean) != 0)
        {
            Attach(KeepsClean);
        }
    }

    /// <summary>Attaches a program to what its section names (tracepoint, raw_tp, tp_btf).</summary>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    public BpfLink Attach(string program)
    {
        const string Documented = "tracepoint/";
        nint handle = Program(program);
        string section = Marshal.PtrToStringUTF8((nint)LibBpf.bpf_program__section_name(handle)) ?? "";
        if (section.StartsWith(Documented, StringComparison.Ordinal))
        {
            Tracepoints.Check(section[Documented.Length..], _types ??= ReadTypes());
        }

        BpfLog.Begin();
        return Keep(LibBpf.bpf_program__attach(handle), $"cannot attach {program} ({section})");
    }

    /// <summary>Attaches a program to an address of an executable or library, by inode.</summary>
    /// <param name="program">The program's name.</param>
    /// <param name="path">The file; another mount namespace's by /proc/PID/root/….</param>
    /// <param name="offset">Offset in the file, not virtual address.</param>
    /// <param name="isReturn">At the return instead of the entry.</param>
    /// <param name="pid">One process, or -1 for every process, now and later.</param>
    /// <param name="cookie">What the program reads with <c>bpf_get_attach_cookie</c>.</param>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    public BpfLink AttachUprobe(string program, string path, ulong offset, bool isReturn = false, int pid = -1, ulong cookie = 0)
    {
        LibBpf.UprobeOptions options = new()
        {
            Size = (nuint)sizeof(LibBpf.UprobeOptions),
            Cookie = cookie,
            IsReturn = isReturn,
        };
        BpfLog.Begin();
        return Keep(
            LibBpf.bpf_program__attach_uprobe_opts(Program(program), pid, path, (nuint)offset, &options),
            $"cannot attach {program} to {path}+0x{offset:x}");
    }

    /// <summary>
    /// Says, before <see cref="Load"/>, that these programs are attached with <see cref="AttachUprobes"/> only: where the kernel can, their
    /// probes are then one link.
    /// </summary>
    public void PrepareUprobes(params ReadOnlySpan<string> programs)
    {
        foreach (string program in programs)
        {
            if (MultiUprobe.IsSupported)
            {
                _ = LibBpf.bpf_program__set_expected_attach_type(Program(program), MultiUprobe.AttachType);
            }
        }
    }

    /// <summary>Attaches a prepared program to addresses of one file, by inode, for all processes, now and later, for <see cref="OnlyPids"/>, or for one.</summary>
    /// <returns>One link for each process asked for, or one for each point on kernels before 6.6.</returns>
    /// <exception cref="CaptureException">The kernel refused; nothing is left attached.</exception>
    public IReadOnlyList<BpfLink> AttachUprobes(
        string program, string path, ReadOnlySpan<UprobePoint> points, bool isReturn = false, int pid = -1)
    {
        if (pid < 0 && OnlyPids.Count > 0 && MultiUprobe.KnowsProcesses)
        {
            return AttachToEach(program, path, points, isReturn);
        }

        if (MultiUprobe.IsSupported)
        {
            int descriptor = MultiUprobe.Attach(ProgramFd(program), path, points, isReturn, pid);
            if (descriptor < 0)
            {
                BpfLog.Begin();
                throw Failure($"cannot attach {program} to {path}", Marshal.GetLastPInvokeError());
            }

            BpfLink all = new(descriptor);
            _links.Add(all);
            return [all];
        }

        List<BpfLink> links = [];
        try
        {
            foreach (UprobePoint point in points)
            {
                links.Add(AttachUprobe(program, path, point.Offset, isReturn, pid, point.Cookie));
            }

            return links;
        }
        catch (CaptureException)
        {
            links.ForEach(l => l.Dispose());
            throw;
        }
    }

    private List<BpfLink> AttachToEach(string program, string path, ReadOnlySpan<UprobePoint> points, bool isReturn)
    {
        List<BpfLink> links = [];
        foreach (int pid in OnlyPids)
        {
            try
            {
                links.AddRange(AttachUprobes(program, path, points, isReturn, pid));
            }
            catch (CaptureException) when (!Directory.Exists($"/proc/{pid}"))
            {
                // It has ended: nothing to capture.
            }
            catch (CaptureException)
            {
                links.ForEach(l => l.Dispose());
                throw;
            }
        }

        return links;
    }

    /// <summary>Runs an iterator program (<c>iter/…</c>) over all that it iterates and returns what it wrote.</summary>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    public byte[] Iterate(string program)
    {
        BpfLog.Begin();
        string what = $"cannot run the iterator {program}";
        using BpfLink link = new(Checked(LibBpf.bpf_program__attach_iter(Program(program), 0), what));
        int fd = LibBpf.bpf_iter_create(link.Fd);
        if (fd < 0)
        {
            throw Failure(what, -fd);
        }

        using FileStream written = new(new SafeFileHandle(fd, ownsHandle: true), FileAccess.Read, 0);
        using MemoryStream all = new();
        written.CopyTo(all);
        return all.ToArray();
    }

    /// <summary>Runs a loaded traffic control program on bytes, as if they were a frame received on loopback.</summary>
    /// <returns>What the program returned.</returns>
    /// <exception cref="CaptureException">The kernel refused.</exception>
    internal int TestRun(string program, ReadOnlySpan<byte> frame)
    {
        fixed (byte* input = frame)
        {
            LibBpf.TestRunOptions options = new()
            {
                Size = (nuint)sizeof(LibBpf.TestRunOptions),
                Input = input,
                InputSize = (uint)frame.Length,
                Repeat = 1,
            };
            int result = LibBpf.bpf_prog_test_run_opts(ProgramFd(program), &options);
            return result == 0 ? options.Result : throw Failure($"cannot run {program}", -result);
        }
    }

    /// <summary>How often the kernel did not run one of the loaded programs because it ran on that processor already (bpf_prog_info.recursion_misses).</summary>
    internal ulong Missed()
    {
        ulong missed = 0;
        for (nint program = LibBpf.bpf_object__next_program(_handle, 0); program != 0; program = LibBpf.bpf_object__next_program(_handle, program))
        {
            LibBpf.ProgramInfo info = default;
            uint size = (uint)sizeof(LibBpf.ProgramInfo);
            if (LibBpf.bpf_obj_get_info_by_fd(LibBpf.bpf_program__fd(program), &info, &size) == 0)
            {
                missed += info.RecursionMisses;
            }
        }

        return missed;
    }

    /// <summary>The file descriptor of a loaded program.</summary>
    public int ProgramFd(string program) => LibBpf.bpf_program__fd(Program(program));

    /// <summary>
    /// Detaches everything; the maps stay readable. The kernel waits for all processors at each link, so many are taken away side by side: one after another they took seconds.
    /// </summary>
    public void Detach()
    {
        const int MostThreads = 16;
        const int PerThread = 4;
        ConcurrentQueue<BpfLink> links = new(Enumerable.Reverse(_links));
        _links.Clear();
        void Dispose()
        {
            while (links.TryDequeue(out BpfLink? link))
            {
                link.Dispose();
            }
        }

        Thread[] beside = [.. Enumerable.Range(0, Math.Min(MostThreads, links.Count / PerThread)).Select(_ => new Thread(Dispose) { Name = "detach" })];
        foreach (Thread thread in beside)
        {
            thread.Start();
        }

        Dispose();
        foreach (Thread thread in beside)
        {
            thread.Join();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
        {
            Detach();
            LibBpf.bpf_object__close(handle);
        }
    }

    private static CaptureException Failure(string what, int errno)
    {
        string said = BpfLog.LastLine;
        string hint = errno == 1 ? " (needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN)" : "";
        return new CaptureException(
            $"{what}: {Marshal.GetPInvokeErrorMessage(errno)}{hint}{(said.Length == 0 ? "" : " - " + said)}");
    }

    private BpfLink Keep(nint handle, string what)
    {
        BpfLink link = new(Checked(handle, what));
        _links.Add(link);
        return link;
    }

    private static nint Checked(nint handle, string what) =>
        handle != 0 ? handle : throw Failure(what, Marshal.GetLastPInvokeError());

    private nint Program(string name)
    {
        nint program = LibBpf.bpf_object__find_program_by_name(_handle, name);
        return program != 0
            ? program
            : throw new CaptureException($"BPF object {_path} has no program {name}");
    }
}
