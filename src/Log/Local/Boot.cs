namespace ECapture.Log.Local;

/// <summary>Names the running boot of the machine, and its clock that every process reads alike and nobody sets.</summary>
internal static class Boot
{
    private const string IdFile = "/proc/sys/kernel/random/boot_id";

    public static string Id { get; } = File.ReadAllText(IdFile).Trim();

    /// <summary>Milliseconds of this boot.</summary>
    public static long Now => Environment.TickCount64;
}
