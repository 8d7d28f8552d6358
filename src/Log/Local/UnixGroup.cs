using System.Globalization;
using System.Runtime.InteropServices;

namespace ECapture.Log.Local;

/// <summary>The Unix group that shares a log.</summary>
internal static partial class UnixGroup
{
    private const uint Unchanged = uint.MaxValue;
    private const int GidOffset = 2 * 8; // struct group: char *gr_name, char *gr_passwd, gid_t gr_gid

    /// <summary>The number of a group given by name or number.</summary>
    public static uint Resolve(string group)
    {
        if (uint.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
        {
            return number;
        }

        IntPtr entry = GetGroupByName(group);
        return entry != IntPtr.Zero
            ? (uint)Marshal.ReadInt32(entry, GidOffset)
            : throw new LogException($"there is no group '{group}' on this machine: make it with groupadd, or name another", isTransient: false);
    }

    public static void Give(string path, uint group)
    {
        if (ChangeOwner(path, Unchanged, group) != 0)
        {
            throw new LogException(
                $"{path} cannot be given to group {group} ({Marshal.GetLastPInvokeErrorMessage()}): run as root or as a member of that group",
                isTransient: false);
        }
    }

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "getgrnam", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial IntPtr GetGroupByName(string name);
}
