using System.Globalization;

namespace ECapture.Capture.Modules.Packet;

/// <summary>A network interface of this namespace.</summary>
/// <param name="Name">As in <c>ip link</c>.</param>
/// <param name="Index">The kernel's.</param>
/// <param name="HardwareType">ARPHRD_ of linux/if_arp.h.</param>
internal sealed record CaptureInterface(string Name, int Index, int HardwareType)
{
    private const int Ethernet = 1;
    private const int Loopback = 772;
    private const string Devices = "/sys/class/net";

    /// <summary>True for loopback.</summary>
    internal bool IsLoopback => HardwareType == Loopback;

    /// <summary>True when its frames begin with an Ethernet header; loopback's do.</summary>
    internal bool IsEthernet => HardwareType is Ethernet or Loopback;

    /// <summary>LINKTYPE_ of pcapng: 1 Ethernet, 101 raw IP.</summary>
    internal uint LinkType => IsEthernet ? 1u : 101u;

    /// <summary>Inode of this process's network namespace.</summary>
    internal static uint Namespace
    {
        get
        {
            string link = new FileInfo("/proc/self/ns/net").LinkTarget ?? ""; // net:[4026531840]
            return uint.Parse(link.AsSpan(link.IndexOf('[') + 1).TrimEnd(']'), CultureInfo.InvariantCulture);
        }
    }

    /// <summary>The interfaces named; of none, loopback and those with a default route.</summary>
    /// <exception cref="CaptureException">One does not exist; lists those that do.</exception>
    internal static IReadOnlyList<CaptureInterface> Select(IReadOnlyList<string> names) =>
        [.. (names.Count > 0 ? names : ["lo", .. WithDefaultRoute()]).Distinct().Select(Find)];

    private static CaptureInterface Find(string name)
    {
        string path = Path.Combine(Devices, name);
        if (name.Length == 0 || name.Contains('/', StringComparison.Ordinal) || !Directory.Exists(path))
        {
            IEnumerable<string> existing = Directory.EnumerateDirectories(Devices).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal);
            throw new CaptureException(
                $"there is no interface {name}: the interfaces are {string.Join(", ", existing)}")
            { IsUsage = true };
        }

        return new CaptureInterface(name, ReadNumber(path, "ifindex"), ReadNumber(path, "type"));
    }

    private static int ReadNumber(string path, string file) =>
        int.Parse(File.ReadAllText(Path.Combine(path, file)), CultureInfo.InvariantCulture);

    private static IEnumerable<string> WithDefaultRoute()
    {
        // Iface Destination Gateway Flags RefCnt Use Metric Mask …
        foreach (string line in File.ReadLines("/proc/net/route").Skip(1))
        {
            string[] fields = line.Split('\t', StringSplitOptions.TrimEntries);
            if (fields is [_, "00000000", _, _, _, _, _, "00000000", ..])
            {
                yield return fields[0];
            }
        }

        if (!File.Exists("/proc/net/ipv6_route"))
        {
            yield break;
        }

        // destination length source length next-hop metric references use flags interface
        foreach (string line in File.ReadLines("/proc/net/ipv6_route"))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields is ["00000000000000000000000000000000", "00", .., not "lo"])
            {
                yield return fields[^1];
            }
        }
    }
}
