namespace ECapture.Capture.Modules.Processes;

/// <summary>
/// Finds the container in a control group's path: container engines name the group after the container's id, 64 hexadecimal digits, alone
/// or with a prefix and a suffix (<c>/docker/ID</c>, <c>/system.slice/docker-ID.scope</c>, <c>/kubepods/pod…/ID</c>, <c>cri-containerd-ID.scope</c>).
/// </summary>
public static class ContainerId
{
    private const int Digits = 64;

    /// <summary>Finds it.</summary>
    /// <param name="cgroup">Path of the control group.</param>
    /// <returns>The id, or an empty string.</returns>
    public static string Find(ReadOnlySpan<byte> cgroup)
    {
        int run = 0;
        for (int at = cgroup.Length - 1; at >= -1; at--)
        {
            if (at >= 0 && char.IsAsciiHexDigitLower((char)cgroup[at]))
            {
                run++;
                continue;
            }

            if (run == Digits)
            {
                return System.Text.Encoding.ASCII.GetString(cgroup.Slice(at + 1, Digits));
            }

            run = 0;
        }

        return "";
    }
}
