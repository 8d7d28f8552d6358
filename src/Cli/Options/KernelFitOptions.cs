using ECapture.Capture;
using ECapture.Capture.Bpf;

namespace ECapture.Cli.Options;

/// <summary>Reads <c>--btf</c> and <c>--btf-file</c>.</summary>
internal static class KernelFitOptions
{
    /// <summary>Which objects the user wants.</summary>
    /// <exception cref="UsageException">It is none of the three.</exception>
    internal static BtfMode ModeOf(OptionReader options) => options.Choice(CommonOptions.Btf, "0", "0", "1", "2") switch
    {
        "1" => BtfMode.Types,
        "2" => BtfMode.None,
        _ => BtfMode.Auto,
    };

    /// <summary>The user's file, as a path that holds in every folder; null: none.</summary>
    internal static string? FileOf(OptionReader options) => options.Find(CommonOptions.BtfFile) is { } file ? Path.GetFullPath(file) : null;

    /// <summary>Which objects are used, and why.</summary>
    /// <exception cref="UsageException">What was asked for is not there.</exception>
    internal static KernelFit Choose(OptionReader options)
    {
        try
        {
            return KernelFit.Choose(ModeOf(options), FileOf(options));
        }
        catch (CaptureException e) when (e.IsUsage)
        {
            throw new UsageException(e.Message);
        }
    }
}
