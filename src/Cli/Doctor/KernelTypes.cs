namespace ECapture.Cli.Doctor;

/// <summary>The kernel's own type information (BTF), which the objects are fitted to.</summary>
internal static class KernelTypes
{
    /// <summary>Where the kernel has it.</summary>
    internal const string Path = "/sys/kernel/btf/vmlinux";

    /// <summary>How to get it.</summary>
    internal const string Remedy = "use a kernel built with CONFIG_DEBUG_INFO_BTF=y (distributions' kernels of recent years are), in a container mount the host's /sys";

    /// <summary>True when it is there.</summary>
    internal static bool AreThere => File.Exists(Path);
}
