namespace ECapture.Capture.Bpf;

/// <summary>BTF files that users name: raw, as /sys/kernel/btf/vmlinux, or an ELF file with a section .BTF, as a vmlinux with debug information.</summary>
internal static class TypesFiles
{
    private const int Struct = 4; // BTF_KIND_STRUCT

    /// <summary>Checks that a file has a kernel's types.</summary>
    /// <exception cref="CaptureException">It has not.</exception>
    internal static void Check(string path)
    {
        if (!File.Exists(path))
        {
            throw Wrong(path, "there is no such file");
        }

        BpfLog.Begin();
        nint types = LibBpf.btf__parse(path, 0);
        if (types == 0)
        {
            throw Wrong(path, "it is no BTF, nor an ELF file with a section .BTF");
        }

        bool isOfKernel = LibBpf.btf__find_by_name_kind(types, "task_struct", Struct) > 0;
        LibBpf.btf__free(types);
        if (!isOfKernel)
        {
            throw Wrong(path, "its types are not those of a kernel (no task_struct)");
        }
    }

    private static CaptureException Wrong(string path, string why) =>
        new($"--btf-file: {path}: {why}; a file for many kernels is at BTFHub, one is made of a vmlinux with debug information by: pahole --btf_encode_detached=FILE vmlinux") { IsUsage = true };
}
