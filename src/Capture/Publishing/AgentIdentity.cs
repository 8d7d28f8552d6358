using System.Reflection;

namespace ECapture.Capture.Publishing;

/// <summary>Who writes the events of one agent run.</summary>
/// <param name="Run">A new UUIDv7 for each run.</param>
/// <param name="Boot">The kernel's boot id.</param>
/// <param name="Tenant">As configured.</param>
/// <param name="Host">As configured.</param>
/// <param name="Version">The program's.</param>
/// <param name="Kernel">The kernel's release.</param>
public sealed record AgentIdentity(Guid Run, Guid Boot, string Tenant, string Host, string Version, string Kernel)
{
    /// <summary>A new run on this machine.</summary>
    public static AgentIdentity Create(CaptureOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new(
            Guid.CreateVersion7(),
            Guid.Parse(ReadLine("/proc/sys/kernel/random/boot_id")),
            options.Tenant,
            options.Host,
            typeof(AgentIdentity).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
            ReadLine("/proc/sys/kernel/osrelease"));
    }

    private static string ReadLine(string path) => File.ReadAllText(path).Trim();
}
