using ECapture.Capture.Bpf;
using ECapture.Capture.Modules;
using ECapture.Capture.Modules.Connection;

namespace ECapture.Capture.Agent;

/// <summary>
/// The object <c>connection</c>: it fills the maps that the other objects share, so it is loaded first. Loaded is not attached.
/// </summary>
public sealed class BaseObject : IDisposable
{
    private static readonly string[] s_shared = ["thread_socket", "socket_owner", "connecting_threads", "excluded_processes", "known_processes"];
    private static readonly Version s_needed = new(6, 3);

    private BaseObject(BpfObject obj, KernelFit fit)
    {
        Object = obj;
        Fit = fit;
        SharedMaps = s_shared.Where(obj.Maps.ContainsKey).ToDictionary(name => name, name => obj.Maps[name]);
    }

    /// <summary>Which set it is of.</summary>
    public KernelFit Fit { get; }

    /// <summary>The loaded object.</summary>
    public BpfObject Object { get; }

    /// <summary>The maps that other objects reuse by name; see bpf/include/shared.h.</summary>
    public IReadOnlyDictionary<string, BpfMap> SharedMaps { get; }

    /// <summary>Opens, checks and loads it.</summary>
    /// <param name="objectDirectory">Folder of the compiled BPF objects.</param>
    /// <param name="fit">Which set; null: that of the kernel's own types.</param>
    /// <exception cref="CaptureException">The kernel cannot run it; says what is missing.</exception>
    public static BaseObject Load(string objectDirectory, KernelFit? fit = null)
    {
        fit ??= KernelFit.Choose(BtfMode.Types, null);
        BpfObject obj = fit.Open(objectDirectory, "connection");
        try
        {
            BtfTypes types = obj.ReadTypes();
            RecordLayout.Check<RecordHeader>(types);
            RecordLayout.Check<SocketTuple>(types);
            RecordLayout.Check<ConnectionRecord>(types);
            RecordLayout.Check<ExcludedProcess>(types);
            obj.Load();
            return new BaseObject(obj, fit);
        }
        catch (CaptureException e) when (fit.Set != ObjectSet.Plain && Environment.OSVersion.Version < s_needed)
        {
            obj.Dispose();
            throw new CaptureException(
                $"kernel {Environment.OSVersion.Version} has no tracepoints sock_send_length and sock_recv_length: "
                + $"objects with kernel types need Linux {s_needed} or later, try --btf 2 ({e.Message})",
                e);
        }
        catch (CaptureException)
        {
            obj.Dispose();
            throw;
        }
    }

    /// <summary>Leaves a process out of every module.</summary>
    /// <param name="pid">Thread group id.</param>
    public void Exclude(int pid) => SharedMaps["excluded_processes"].Set((uint)pid, default(ExcludedProcess));

    /// <summary>Captures a process again.</summary>
    /// <param name="pid">Thread group id.</param>
    public void Include(int pid) => SharedMaps["excluded_processes"].Remove((uint)pid);

    /// <inheritdoc/>
    public void Dispose() => Object.Dispose();
}
