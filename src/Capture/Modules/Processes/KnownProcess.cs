using System.Runtime.InteropServices;
using System.Text;
using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Processes;

/// <summary>A process as the objects without kernel types know it: <c>struct known_process</c> of bpf/include/plain/current.h.</summary>
[CRecord("known_process")]
[StructLayout(LayoutKind.Sequential)]
internal struct KnownProcess
{
    internal ulong Start;
    internal ulong ParentStart;
    internal uint Parent;
    internal uint Reserved;
    internal Bytes16 Comm;

    /// <summary>Tells the objects of the processes that there are; those that begin meanwhile they see themselves.</summary>
    /// <param name="known">The map <c>known_processes</c>.</param>
    internal static void FillIn(BpfMap known)
    {
        foreach (int pid in RunningPrograms.Pids())
        {
            if (ProcessStat.Read(pid) is not { IsOfKernel: false } process || known.TryGet((uint)pid, out KnownProcess _))
            {
                continue;
            }

            KnownProcess value = new()
            {
                Start = process.StartNs,
                Parent = process.Parent,
                ParentStart = process.Parent == 0 ? 0 : ProcessStat.Read((int)process.Parent)?.StartNs ?? 0,
            };
            Span<byte> comm = value.Comm;
            byte[] name = Encoding.UTF8.GetBytes(process.Name);
            name.AsSpan(0, Math.Min(name.Length, comm.Length - 1)).CopyTo(comm);
            known.Set((uint)pid, value);
        }
    }
}
