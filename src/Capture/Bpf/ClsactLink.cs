using System.Runtime.InteropServices;
using System.Text;

namespace ECapture.Capture.Bpf;

/// <summary>
/// A program attached as a filter of the qdisc clsact, for kernels without TCX. Such a filter outlives its process, so it has a
/// priority and handle of its own by which the next run finds and removes it. The qdisc is removed with the last filter, if it was made
/// here.
/// </summary>
public sealed unsafe class ClsactLink : ITrafficLink
{
    private const uint OwnPriority = 0xECA7;
    private const uint OwnHandle = 0xECA7;
    private readonly int _interface;
    private readonly int _point;
    private readonly bool _madeQdisc;
    private bool _attached = true;

    private ClsactLink(int interfaceIndex, int point, bool madeQdisc)
    {
        _interface = interfaceIndex;
        _point = point;
        _madeQdisc = madeQdisc;
    }

    /// <summary>Attaches; removes what a crashed run left.</summary>
    /// <param name="programFd">A loaded program of a section <c>tc</c>.</param>
    /// <param name="programName">Its name: a filter in our place whose program has another name is not ours.</param>
    /// <param name="interfaceIndex">The interface.</param>
    /// <param name="isIngress">At ingress, else at egress.</param>
    /// <exception cref="CaptureException">The kernel refused, or somebody else's filter is in the place.</exception>
    public static ClsactLink Attach(int programFd, string programName, int interfaceIndex, bool isIngress)
    {
        int point = isIngress ? LibBpf.TcIngress : LibBpf.TcEgress;
        LibBpf.TcHook hook = Hook(interfaceIndex, point);
        const int Exists = -17;
        int created = LibBpf.bpf_tc_hook_create(&hook);
        if (created is not (0 or Exists))
        {
            throw new CaptureException($"cannot add the qdisc clsact to interface {interfaceIndex}: {Marshal.GetPInvokeErrorMessage(-created)}");
        }

        RemoveLeftover(hook, programName);
        LibBpf.TcOptions options = Place();
        options.ProgramFd = programFd;
        int attached = LibBpf.bpf_tc_attach(&hook, &options);
        return attached == 0
            ? new ClsactLink(interfaceIndex, point, created == 0)
            : throw new CaptureException($"cannot attach to interface {interfaceIndex}: {Marshal.GetPInvokeErrorMessage(-attached)}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_attached)
        {
            return;
        }

        _attached = false;
        LibBpf.TcHook hook = Hook(_interface, _point);
        LibBpf.TcOptions options = Place();
        _ = LibBpf.bpf_tc_detach(&hook, &options); // an interface that is gone took its filters along
        if (_madeQdisc && !ClsactFilters.Any(_interface))
        {
            LibBpf.TcHook both = Hook(_interface, LibBpf.TcIngress | LibBpf.TcEgress);
            _ = LibBpf.bpf_tc_hook_destroy(&both);
        }
    }

    private static void RemoveLeftover(LibBpf.TcHook hook, string programName)
    {
        LibBpf.TcOptions found = Place();
        if (LibBpf.bpf_tc_query(&hook, &found) != 0)
        {
            return;
        }

        string name = NameOf(found.ProgramId);
        if (name != programName)
        {
            throw new CaptureException(
                $"on interface {hook.InterfaceIndex} the filter priority {OwnPriority} belongs to another program ({name}): remove that filter with tc, or capture on other interfaces");
        }

        LibBpf.TcOptions place = Place();
        _ = LibBpf.bpf_tc_detach(&hook, &place);
    }

    private static string NameOf(uint programId)
    {
        const int NameAt = 64; // of struct bpf_prog_info
        const int NameSize = 16;
        int fd = LibBpf.bpf_prog_get_fd_by_id(programId);
        if (fd < 0)
        {
            return "";
        }

        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = new(fd, ownsHandle: true);
        uint size = 256;
        byte* info = stackalloc byte[(int)size];
        new Span<byte>(info, (int)size).Clear();
        if (LibBpf.bpf_obj_get_info_by_fd(fd, info, &size) != 0)
        {
            return "";
        }

        ReadOnlySpan<byte> name = new(info + NameAt, NameSize);
        int end = name.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? name : name[..end]);
    }

    private static LibBpf.TcHook Hook(int interfaceIndex, int point) =>
        new() { Size = (nuint)sizeof(LibBpf.TcHook), InterfaceIndex = interfaceIndex, AttachPoint = point };

    private static LibBpf.TcOptions Place() =>
        new() { Size = (nuint)sizeof(LibBpf.TcOptions), Handle = OwnHandle, Priority = OwnPriority };
}
