using System.Runtime.InteropServices;

namespace ECapture.Capture.Bpf;

/// <summary>The functions of libbpf 1.x that the agent calls. Handles are opaque; failures leave errno.</summary>
internal static unsafe partial class LibBpf
{
    private const string Library = "libbpf.so.1";

    [LibraryImport(Library)]
    internal static partial nint libbpf_version_string();

    [LibraryImport(Library)]
    internal static partial nint libbpf_set_print(delegate* unmanaged<int, byte*, nint, int> print);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__open_file(string path, OpenOptions* options);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint btf__parse(string path, nint extended);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int btf__find_by_name_kind(nint btf, string name, uint kind);

    [LibraryImport(Library)]
    internal static partial void btf__free(nint btf);

    [LibraryImport(Library)]
    internal static partial byte* bpf_program__section_name(nint program);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_object__load(nint obj);

    [LibraryImport(Library)]
    internal static partial void bpf_object__close(nint obj);

    [LibraryImport(Library)]
    internal static partial nint bpf_object__btf(nint obj);

    [LibraryImport(Library)]
    internal static partial byte* btf__raw_data(nint btf, out uint size);

    [LibraryImport(Library)]
    internal static partial nint bpf_object__next_map(nint obj, nint map);

    [LibraryImport(Library)]
    internal static partial nint bpf_object__next_program(nint obj, nint program);

    [LibraryImport(Library)]
    internal static partial byte* bpf_map__name(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_map__fd(nint map);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__key_size(nint map);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__value_size(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_map__type(nint map);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__max_entries(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_max_entries(nint map, uint entries);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map__reuse_fd(nint map, int fd);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_program_by_name(nint obj, string name);

    [LibraryImport(Library)]
    internal static partial int bpf_program__fd(nint program);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_expected_attach_type(nint program, int type);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach(nint program);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_program__attach_uprobe_opts(
        nint program, int pid, string path, nuint offset, UprobeOptions* options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach_iter(nint program, nint options);

    [LibraryImport(Library)]
    internal static partial int bpf_link__fd(nint link);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_iter_create(int linkFd);

    [LibraryImport(Library)]
    internal static partial int bpf_link__destroy(nint link);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_lookup_elem(int fd, void* key, void* value);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_update_elem(int fd, void* key, void* value, ulong flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_map_delete_elem(int fd, void* key);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_link_create(int programFd, int target, int attachType, nint options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_prog_get_fd_by_id(uint id);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_obj_get_info_by_fd(int fd, void* info, uint* size);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_prog_test_run_opts(int programFd, TestRunOptions* options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_tc_hook_create(TcHook* hook);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_tc_hook_destroy(TcHook* hook);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_tc_attach(TcHook* hook, TcOptions* options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_tc_detach(TcHook* hook, TcOptions* options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_tc_query(TcHook* hook, TcOptions* options);

    [LibraryImport(Library)]
    internal static partial int libbpf_num_possible_cpus();

    [LibraryImport("libc", SetLastError = false)]
    internal static partial int vsnprintf(byte* buffer, nuint size, byte* format, nint arguments);

    /// <summary><c>struct bpf_object_open_opts</c>, as far as it is used.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct OpenOptions
    {
        internal nuint Size;
        private readonly nint _name;
        private readonly byte _isRelaxed;
        private readonly nint _pinRoot;
        private readonly uint _stub;
        private readonly nint _configuration;
        internal nint TypesFile; // btf_custom_path
    }

    /// <summary><c>struct bpf_uprobe_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct UprobeOptions
    {
        internal nuint Size;
        internal nuint ReferenceCounterOffset;
        internal ulong Cookie;
        private byte _isReturn;
        internal nint FunctionName;

        internal bool IsReturn
        {
            readonly get => _isReturn != 0;
            set => _isReturn = value ? (byte)1 : (byte)0;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial void* mmap(void* address, nuint length, int access, int flags, int descriptor, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int munmap(void* address, nuint length);

    internal const int CanRead = 1; // PROT_READ
    internal const int CanWrite = 2; // PROT_WRITE
    internal const int MapShared = 1; // MAP_SHARED
    internal const int MapPrivate = 2; // MAP_PRIVATE
    internal const int MapAnonymous = 0x20; // MAP_ANONYMOUS

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int poll(PollFd* descriptors, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getpriority(int which, uint who);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setpriority(int which, uint who, int nice);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sched_setscheduler(int thread, int policy, int* priority);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        internal int Descriptor;
        internal short Events;
        internal short Returned;
    }

    internal const short PollIn = 1;

    /// <summary><c>struct bpf_test_run_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct TestRunOptions
    {
        internal nuint Size;
        internal byte* Input;
        internal byte* Output;
        internal uint InputSize;
        internal uint OutputSize;
        internal nint ContextInput;
        internal nint ContextOutput;
        internal uint ContextInputSize;
        internal uint ContextOutputSize;
        internal int Result;
        internal int Repeat;
        internal uint Duration;
        internal uint Flags;
        internal uint Processor;
        internal uint BatchSize;
    }

    /// <summary>What is asked of <c>struct bpf_prog_info</c>; the kernel fills as much of it as there is room for.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 216)]
    internal struct ProgramInfo
    {
        [FieldOffset(208)]
        internal ulong RecursionMisses;
    }

    /// <summary><c>struct bpf_tc_hook</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct TcHook
    {
        internal nuint Size;
        internal int InterfaceIndex;
        internal int AttachPoint;
        internal uint Parent;
        private readonly uint _padding;
    }

    /// <summary><c>struct bpf_tc_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct TcOptions
    {
        internal nuint Size;
        internal int ProgramFd;
        internal uint Flags;
        internal uint ProgramId;
        internal uint Handle;
        internal uint Priority;
        private readonly uint _padding;
    }

    internal const int TcIngress = 1;
    internal const int TcEgress = 2;
    internal const uint TcReplace = 1;
}
