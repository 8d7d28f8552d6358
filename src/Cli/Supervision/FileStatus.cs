using System.Runtime.InteropServices;

namespace ECapture.Cli.Supervision;

/// <summary>What statx(2) says of a path; symbolic links are followed.</summary>
/// <param name="Uid">Its owner.</param>
/// <param name="Kind">What it is.</param>
internal readonly partial record struct FileStatus(uint Uid, FileKind Kind)
{
    /// <summary>Reads it; null when there is nothing, or nothing that may be seen.</summary>
    internal static unsafe FileStatus? Of(string path)
    {
        const int CurrentFolder = -100; // AT_FDCWD
        const uint TypeAndOwner = 0x1 | 0x8; // STATX_TYPE | STATX_UID
        const int TypeBits = 0xF000;
        const int RegularFile = 0x8000;
        const int Folder = 0x4000;
        StatBuffer buffer = default;
        if (Statx(CurrentFolder, path, 0, TypeAndOwner, &buffer) != 0)
        {
            return null;
        }

        return new FileStatus(buffer.Uid, (buffer.Mode & TypeBits) switch
        {
            RegularFile => FileKind.Regular,
            Folder => FileKind.Directory,
            _ => FileKind.Special,
        });
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int folder, string path, int flags, uint mask, StatBuffer* found);

    // struct statx of linux/stat.h
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatBuffer
    {
        [FieldOffset(20)]
        internal uint Uid;

        [FieldOffset(28)]
        internal ushort Mode;
    }
}
