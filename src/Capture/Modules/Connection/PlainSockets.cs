using System.Runtime.CompilerServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Processes;

namespace ECapture.Capture.Modules.Connection;

/// <summary>Attaches the base object's programs where the kernel's types are not known.</summary>
internal static class PlainSockets
{
    /// <summary>Attaches, and tells the object of the processes that there are.</summary>
    /// <exception cref="CaptureException">The kernel lacks a tracepoint, or describes it otherwise.</exception>
    internal static void Attach(BpfObject obj)
    {
        RecordLayout.Check<KnownProcess>(obj.ReadTypes());
        obj.Attach("on_newtask");
        obj.Attach("on_new_name");
        KnownProcess.FillIn(obj.Maps["known_processes"]);
        obj.Attach("on_state");
        if (Tracepoints.HasSocketLengths)
        {
            obj.Attach("on_adjust");
            obj.Attach("on_send");
            obj.Attach("on_receive");
        }
        else
        {
            obj.Attach("on_adjust_use"); // before Linux 6.3: threads that receive are seen, not those that only send
        }
    }
}
