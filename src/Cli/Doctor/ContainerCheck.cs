using System.Text;
using ECapture.Capture.Modules.Processes;

namespace ECapture.Cli.Doctor;

/// <summary>Whether this process is in a container, and whether it sees the host's processes from there.</summary>
internal static class ContainerCheck
{
    // include/linux/proc_ns.h: PROC_PID_INIT_INO
    private const string HostProcesses = "pid:[4026531836]";

    private static readonly (string File, string Engine)[] s_marks = [("/run/.containerenv", "podman"), ("/.dockerenv", "docker")];

    /// <summary>What was found.</summary>
    internal static Finding Run()
    {
        string engine = s_marks.FirstOrDefault(m => File.Exists(m.File)).Engine ?? "";
        string id = ContainerId.Find(Encoding.UTF8.GetBytes(File.ReadAllText("/proc/self/cgroup").Trim()));
        bool seesHost = new FileInfo("/proc/self/ns/pid").LinkTarget == HostProcesses;
        string name = engine.Length > 0 ? engine : id.Length > 0 ? id[..12] : "";
        if (seesHost)
        {
            return new Finding("host", "container", Verdict.Ok, name.Length == 0 ? "none" : $"{name}, with the host's processes");
        }

        return new Finding(
            "host", "container", Verdict.Limited, $"{(name.Length == 0 ? "a pid namespace of its own" : name)}: the host's processes are not seen",
            "start the container with the host's processes (--pid=host; Kubernetes: hostPID: true) to capture them");
    }
}
