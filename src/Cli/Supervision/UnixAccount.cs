using System.Globalization;

namespace ECapture.Cli.Supervision;

/// <summary>A user of this machine.</summary>
internal sealed record UnixAccount(string Name, uint Uid, uint Gid)
{
    /// <summary>True when this process runs as root.</summary>
    internal static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>Looks a user up in the user database; null when there is none.</summary>
    internal static UnixAccount? Find(string name)
    {
        // passwd(5): name:password:uid:gid:...
        foreach (string line in File.ReadLines("/etc/passwd"))
        {
            string[] fields = line.Split(':');
            if (fields.Length >= 4 && fields[0] == name
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint uid)
                && uint.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out uint gid))
            {
                return new UnixAccount(name, uid, gid);
            }
        }

        return null;
    }
}
