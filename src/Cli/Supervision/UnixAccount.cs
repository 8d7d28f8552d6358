using System.Globalization;

namespace ECapture.Cli.Supervision;

/// <summary>A user of this machine.</summary>
internal sealed record UnixAccount(string Name, uint Uid, uint Gid)
{
    /// <summary>True when this process runs as root.</summary>
    internal static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>Looks a user up in the user database; null when there is none.</summary>
    internal static UnixAccount? Find(string name) => Find(account => account.Name == name);

    /// <summary>The owner of a file or folder; null when it has none in the user database.</summary>
    internal static UnixAccount? OwnerOf(string path)
    {
        return FileStatus.Of(path) is { Uid: var uid } ? Find(account => account.Uid == uid) : null;
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
}
