namespace ECapture.Capture.Bpf;

/// <summary>Which objects are used, and why.</summary>
/// <param name="Set">The set.</param>
/// <param name="TypesFile">The BTF file that its reads are fitted by; null: the kernel's own types, or none.</param>
/// <param name="Reason">Why, for people, in one line.</param>
public sealed record KernelFit(ObjectSet Set, string? TypesFile, string Reason)
{
    /// <summary>Where a kernel has its own types.</summary>
    public const string KernelPath = "/sys/kernel/btf/vmlinux";

    /// <summary>How to get them.</summary>
    public const string Remedy = "use a kernel built with CONFIG_DEBUG_INFO_BTF=y (distributions' kernels of recent years are), in a container mount the host's /sys";

    /// <summary>What is not seen without types, in one line.</summary>
    public const string PlainLimits = "no network namespaces, UDP owners and UNIX peers; processes that end within milliseconds keep only what execve was given (docs/from-ecapture.md)";

    /// <summary>Chooses.</summary>
    /// <param name="mode">What the user wants.</param>
    /// <param name="file">The user's BTF file; null: none.</param>
    /// <param name="kernelPath">Where the kernel's types would be.</param>
    /// <exception cref="CaptureException">What is wanted is not there, or is no BTF.</exception>
    public static KernelFit Choose(BtfMode mode, string? file, string kernelPath = KernelPath)
    {
        if (mode == BtfMode.None && file is not null)
        {
            throw new CaptureException($"--btf-file: {file} is of no use with --btf 2, which means objects without kernel types: leave one of the two out") { IsUsage = true };
        }

        if (file is not null)
        {
            TypesFiles.Check(file);
        }

        switch (mode)
        {
            case BtfMode.None:
                return new KernelFit(ObjectSet.Plain, null, "objects without kernel types, as asked for");
            case BtfMode.Types when file is not null:
                return new KernelFit(ObjectSet.File, file, $"objects fitted by the types in {file}");
            case BtfMode.Types when !File.Exists(kernelPath):
                throw new CaptureException($"--btf: 1: {kernelPath} does not exist: {Remedy}, or give --btf-file") { IsUsage = true };
            case BtfMode.Types:
                return new KernelFit(ObjectSet.Kernel, null, $"objects fitted by the kernel's own types, {kernelPath}");
        }

        if (!File.Exists(kernelPath))
        {
            return file is not null
                ? new KernelFit(ObjectSet.File, file, $"objects fitted by the types in {file}: {kernelPath} does not exist")
                : new KernelFit(ObjectSet.Plain, null, $"objects without kernel types: {kernelPath} does not exist");
        }

        return HasSocketTracepoints(kernelPath)
            ? new KernelFit(ObjectSet.Kernel, null, $"objects fitted by the kernel's own types, {kernelPath}")
            : new KernelFit(ObjectSet.Plain, null, "objects without kernel types: those with types need the tracepoint sock_send_length, Linux 6.3 or later");
    }

    /// <summary>True when types name the tracepoints that objects with types need.</summary>
    /// <param name="path">Of the types.</param>
    public static bool HasSocketTracepoints(string path) => File.ReadAllBytes(path).AsSpan().IndexOf("btf_trace_sock_send_length"u8) >= 0;

    /// <summary>Opens an object of the set.</summary>
    /// <param name="directory">Folder of the compiled objects.</param>
    /// <param name="name">The object.</param>
    /// <param name="onlyPids">See <see cref="BpfObject.OnlyPids"/>.</param>
    /// <exception cref="CaptureException">The file is missing or is no BPF object.</exception>
    public BpfObject Open(string directory, string name, IReadOnlyList<int>? onlyPids = null)
    {
        string folder = Set switch
        {
            ObjectSet.File => "file",
            ObjectSet.Plain => "plain",
            _ => "",
        };
        return BpfObject.Open(Path.Combine(directory, folder, name + ".bpf.o"), onlyPids, TypesFile);
    }
}
