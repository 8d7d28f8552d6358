using System.Diagnostics;
using System.Globalization;

namespace ECapture.Tests.EndToEnd.Packet;

/// <summary>A pair of virtual interfaces that nothing else on the machine uses: every frame on it is the test's.</summary>
internal sealed class QuietInterface : IDisposable
{
    private QuietInterface(string name) => Name = name;

    internal string Name { get; }

    /// <summary>An address behind it.</summary>
    internal const string Target = "198.18.77.2";

    /// <summary>Frames handed to it so far, by its own count.</summary>
    internal long Frames => Count("tx_packets") + Count("tx_dropped");

    internal static QuietInterface Create()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"ec{Environment.ProcessId % 1000000}a");
        string peer = name[..^1] + "b";
        Run("link", "add", name, "type", "veth", "peer", "name", peer);
        QuietInterface created = new(name);
        try
        {
            if (File.Exists("/proc/net/if_inet6"))
            {
                Run("link", "set", name, "addrgenmode", "none"); // no neighbour discovery
                Run("link", "set", peer, "addrgenmode", "none");
            }

            Run("addr", "add", "198.18.77.1/30", "dev", name);
            Run("link", "set", peer, "up");
            Run("link", "set", name, "up");
            Run("neigh", "replace", Target, "lladdr", "02:00:00:00:00:02", "dev", name);
            return created;
        }
        catch
        {
            created.Dispose();
            throw;
        }
    }

    public void Dispose() => Run("link", "del", Name);

    internal static string Run(params string[] arguments) => Run("ip", arguments, "iproute2");

    internal static string Run(string program, string[] arguments, string package)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            string output = process.StandardOutput.ReadToEnd();
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0
                ? output
                : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {error}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"{program} is missing: apt-get install {package}", e);
        }
    }

    private long Count(string name) =>
        long.Parse(File.ReadAllText($"/sys/class/net/{Name}/statistics/{name}"), CultureInfo.InvariantCulture);
}
