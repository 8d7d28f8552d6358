using System.Runtime.InteropServices;

namespace ECapture.Capture;

/// <summary>Tells files apart whatever their paths: device and inode, as uprobes do.</summary>
internal readonly unsafe partial record struct FileIdentity(ulong Device, ulong Inode)
{
    /// <summary>Reads the identity of a regular file; links are followed.</summary>
    /// <returns>False when there is no such file (any more), or it may not be looked at.</returns>
    internal static bool TryRead(string path, out FileIdentity identity)
    {
        const int CurrentFolder = -100; // AT_FDCWD
        const uint TypeAndInode = 0x101; // STATX_TYPE | STATX_INO
        const int FileType = 0xf000;
        const int RegularFile = 0x8000;

        Statx found = default;
        if (statx(CurrentFolder, path, 0, TypeAndInode, &found) != 0 || (found.Mode & FileType) != RegularFile)
        {
            identity = default;
            return false;
        }

        identity = new FileIdentity(((ulong)found.DeviceMajor << 32) | found.DeviceMinor, found.Inode);
        return true;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, Statx* found);

    // struct statx of linux/stat.h
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(28)]
        internal ushort Mode;

        [FieldOffset(32)]
        internal ulong Inode;

        [FieldOffset(136)]
        internal uint DeviceMajor;

        [FieldOffset(140)]
        internal uint DeviceMinor;
    }
}
