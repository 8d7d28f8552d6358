using System.Reflection;

namespace ECapture.Log.Streams;

/// <summary>Who writes the events of one run: of an agent, or of a service's journal.</summary>
/// <param name="Run">A new UUIDv7 for each run.</param>
/// <param name="Boot">The kernel's boot id.</param>
/// <param name="Tenant">As configured.</param>
/// <param name="Host">As configured.</param>
/// <param name="Version">The program's.</param>
/// <param name="Kernel">The kernel's release.</param>
public sealed record AgentIdentity(Guid Run, Guid Boot, string Tenant, string Host, string Version, string Kernel)
{
    /// <summary>A new run on this machine.</summary>
    /// <param name="tenant">Written into every event.</param>
    /// <param name="host">Written into every event.</param>
    public static AgentIdentity Create(string tenant, string host) => new(
        Guid.CreateVersion7(),
        Guid.Parse(ReadLine("/proc/sys/kernel/random/boot_id")),
        tenant,
        host,
        typeof(AgentIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
        ReadLine("/proc/sys/kernel/osrelease"));

    private static string ReadLine(string path) => File.ReadAllText(path).Trim();
}
