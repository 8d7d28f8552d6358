using System.Globalization;
using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Cli.Commands;

namespace ECapture.Cli.Doctor;

/// <summary>Checks what the kernel and the machine offer; changes nothing.</summary>
internal static class HostChecks
{
    private const string Area = "host";

    /// <param name="fit">The BPF objects that are used.</param>
    internal static IEnumerable<Finding> Run(KernelFit fit) => [.. OfCapture(fit), InProcessStore(), KafkaClient()];

    /// <summary>What capture lacks here, in one line; empty: nothing that is known.</summary>
    internal static string MissingForCapture() =>
        string.Join("; ", OfCapture(KernelFit.Choose(BtfMode.Auto, null)).Where(f => f.Verdict == Verdict.Missing).Select(f => $"{f.Name}: {f.Detail}{(f.Remedy is null ? "" : $" -> {f.Remedy}")}"));

    /// <summary>What capture needs.</summary>
    private static IEnumerable<Finding> OfCapture(KernelFit fit)
    {
        yield return new Finding(Area, "kernel", Verdict.Ok, $"{VersionCommand.KernelRelease()} {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}");
        yield return Privileges();
        yield return LibBpf();
        yield return File.Exists(KernelFit.KernelPath)
            ? new Finding(Area, "BTF", Verdict.Ok, KernelFit.KernelPath)
            : new Finding(Area, "BTF", Verdict.Limited, $"{KernelFit.KernelPath} does not exist", $"for all that can be seen {KernelFit.Remedy}, or give --btf-file");
        yield return fit.Set == ObjectSet.Plain
            ? new Finding(Area, "objects", Verdict.Limited, $"{fit.Reason}; {KernelFit.PlainLimits}")
            : new Finding(Area, "objects", Verdict.Ok, fit.Reason);
        yield return Lockdown();
        yield return UprobeUnit();
        yield return SocketTracepoints(fit);
        yield return ContainerCheck.Run();
    }

    private static Finding Privileges()
    {
        // capability.h: CAP_NET_ADMIN 12, CAP_SYS_PTRACE 19, CAP_SYS_ADMIN 21, CAP_PERFMON 38, CAP_BPF 39.
        (string Name, int Bit)[] needed = [("CAP_BPF", 39), ("CAP_PERFMON", 38), ("CAP_NET_ADMIN", 12), ("CAP_SYS_PTRACE", 19)];
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        ulong effective = ulong.Parse(line["CapEff:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        bool isAdmin = (effective >> 21 & 1) != 0;
        string[] missing = [.. needed.Where(c => (effective >> c.Bit & 1) == 0 && !(isAdmin && c.Bit is 38 or 39)).Select(c => c.Name)];
        return missing.Length == 0
            ? new Finding(Area, "privileges", Verdict.Ok, Environment.IsPrivilegedProcess ? "root" : "all capabilities that are needed")
            : new Finding(Area, "privileges", Verdict.Missing, "without " + string.Join(", ", missing), "run as root; in a container give it these capabilities (--privileged, or --cap-add of each)");
    }

    private static Finding LibBpf() => LibBpfVersion.Text is { } version
        ? new Finding(Area, "libbpf", Verdict.Ok, version)
        : new Finding(Area, "libbpf", Verdict.Missing, "libbpf.so.1 is not installed", "apt-get install libbpf1");

    private static Finding Lockdown()
    {
        const string Path = "/sys/kernel/security/lockdown";
        string state = File.Exists(Path) ? File.ReadAllText(Path).Trim() : "";
        return state.Contains("[confidentiality]", StringComparison.Ordinal)
            ? new Finding(Area, "lockdown", Verdict.Missing, "confidentiality: BPF may not read memory", "boot without lockdown=confidentiality")
            : new Finding(Area, "lockdown", Verdict.Ok, state.Length == 0 ? "none" : state);
    }

    private static Finding UprobeUnit()
    {
        const string Path = "/sys/bus/event_source/devices/uprobe/type";
        return File.Exists(Path)
            ? new Finding(Area, "uprobes", Verdict.Ok, "perf uprobe unit")
            : new Finding(Area, "uprobes", Verdict.Missing, $"{Path} does not exist", "use a kernel built with CONFIG_UPROBE_EVENTS=y");
    }

    private static Finding SocketTracepoints(KernelFit fit)
    {
        const string Name = "socket tracepoints";
        if (fit.Set == ObjectSet.Plain)
        {
            return Tracepoints.Missing(Tracepoints.OfPlainObjects) is { } missing
                ? new Finding(Area, Name, Verdict.Missing, missing)
                : new Finding(Area, Name, Tracepoints.HasSocketLengths ? Verdict.Ok : Verdict.Limited, Tracepoints.HasSocketLengths ? "tracefs describes them" : "no sock_send_length before Linux 6.3: a thread's connection is known from what it receives");
        }

        return KernelFit.HasSocketTracepoints(fit.TypesFile ?? KernelFit.KernelPath)
            ? new Finding(Area, Name, Verdict.Ok, "sock_send_length, sock_recv_length")
            : new Finding(Area, Name, Verdict.Missing, "sock_send_length is not in this kernel", "objects with kernel types need Linux 6.3 or newer; try --btf 2");
    }

    private static Finding InProcessStore()
    {
        const string Name = "in-process ClickHouse";
        if (!System.Runtime.Intrinsics.X86.Avx2.IsSupported)
        {
            return new Finding(Area, Name, Verdict.Missing, "this processor has no AVX2", "give a server with --store");
        }

        return Library(Name, "libchdb.so", Environment.GetEnvironmentVariable("ECAPTURE_CHDB"), "make setup-run, or give a server with --store");
    }

    private static Finding KafkaClient() =>
        Library("Kafka client", "librdkafka.so", null, "make setup-test, if a log on Kafka is wanted") is { Verdict: Verdict.Missing } missing
            ? missing with { Verdict = Verdict.Limited }
            : Library("Kafka client", "librdkafka.so", null, "");

    private static Finding Library(string name, string file, string? named, string remedy)
    {
        string directory = Environment.GetEnvironmentVariable("ECAPTURE_NATIVE") ?? "/usr/local/lib/ecapture";
        string[] places = [named ?? "", Path.Combine(directory, file), Path.Combine(AppContext.BaseDirectory, file)];
        string? found = places.FirstOrDefault(File.Exists);
        return found is not null
            ? new Finding(Area, name, Verdict.Ok, found)
            : new Finding(Area, name, Verdict.Missing, $"{file} is neither in {directory} nor beside the program", remedy);
    }
}
