using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;
using ECapture.Capture.Modules.Tls;

namespace ECapture.Capture.Modules.Processes;

/// <summary>A program file as the kernel counts it: <c>struct image_key</c> of bpf/process.bpf.c.</summary>
[CRecord("image_key")]
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct ImageKey
{
    internal readonly ulong Inode;
    internal readonly uint Device;
    internal readonly uint Reserved;

    internal ImageKey(ulong inode, uint device)
    {
        Inode = inode;
        Device = device;
    }

    /// <summary>
    /// The key of a file, links followed. On overlay and some other file systems stat gives other numbers than the kernel's own; such files are
    /// learnt from their first execve instead.
    /// </summary>
    /// <returns>Null when there is no such file.</returns>
    internal static ImageKey? Of(string path)
    {
        const int MinorBits = 20; // of the kernel's dev_t
        return FileIdentity.TryRead(path, out FileIdentity file)
            ? new ImageKey(file.Inode, ((uint)(file.Device >> 32) << MinorBits) | (uint)file.Device)
            : null;
    }
}
