using System.Globalization;
using System.Runtime.InteropServices;

namespace ECapture.Cli.Supervision;

/// <summary>A user of this machine.</summary>
internal sealed partial record UnixAccount(string Name, uint Uid, uint Gid)
{
    /// <summary>True when this process runs as root.</summary>
    internal static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>Looks a user up in the user database; null when there is none.</summary>
    internal static UnixAccount? Find(string name) => Find(account => account.Name == name);

    /// <summary>The owner of a file or folder; null when it has none in the user database.</summary>
    internal static UnixAccount? OwnerOf(string path)
    {
        if (Stat(path, out StatBuffer found) != 0)
        {
            return null;
        }

        uint uid = found.Uid;
        return Find(account => account.Uid == uid);
    }

    private static UnixAccount? Find(Func<UnixAccount, bool> isWanted)
    {
        // passwd(5): name:password:uid:gid:...
        foreach (string line in File.ReadLines("/etc/passwd"))
        {
            string[] fields = line.Split(':');
            if (fields.Length >= 4
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint uid)
                && uint.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out uint gid))
            {
                UnixAccount account = new(fields[0], uid, gid);
                if (isWanted(account))
                {
                    return account;
                }
            }
        }

        return null;
    }

    private static unsafe int Stat(string path, out StatBuffer found)
    {
        const int CurrentFolder = -100; // AT_FDCWD
        const uint OwnerOnly = 0x8; // STATX_UID
        StatBuffer buffer = default;
        int result = Statx(CurrentFolder, path, 0, OwnerOnly, &buffer);
        found = buffer;
        return result;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int folder, string path, int flags, uint mask, StatBuffer* found);

    // struct statx of linux/stat.h
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatBuffer
    {
        [FieldOffset(20)]
        internal uint Uid;
    }
}
