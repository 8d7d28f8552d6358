using System.Globalization;

namespace ECapture.Capture.Modules;

/// <summary>Words for <see cref="IModule.Summary"/>.</summary>
internal static class ModuleSummary
{
    /// <summary>"1 library", "3 libraries", "no library found yet".</summary>
    internal static string Count(int count, string one, string many) => count switch
    {
        0 => $"no {one} found yet",
        1 => $"1 {one}",
        _ => string.Create(CultureInfo.InvariantCulture, $"{count} {many}"),
    };
}
