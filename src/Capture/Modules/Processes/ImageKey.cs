using System.Runtime.InteropServices;
using ECapture.Capture.Bpf;

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
    internal static unsafe ImageKey? Of(string path)
    {
        const int WorkingDirectory = -100; // AT_FDCWD
        const uint InodeOnly = 0x100; // STATX_INO
        const int MinorBits = 20; // of the kernel's dev_t
        StatX stat;
        return FileSystem.statx(WorkingDirectory, path, 0, InodeOnly, &stat) == 0
            ? new ImageKey(stat.Inode, (stat.DeviceMajor << MinorBits) | stat.DeviceMinor)
            : null;
    }

    // struct statx of linux/stat.h, 256 bytes.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct StatX
    {
        [FieldOffset(32)]
        internal ulong Inode;

        [FieldOffset(136)]
        internal uint DeviceMajor;

        [FieldOffset(140)]
        internal uint DeviceMinor;
    }
}
