using System.Runtime.InteropServices;

namespace ECapture.Cli.Supervision;

/// <summary>
/// A shell without job control starts what it puts into the background with SIGINT ignored, and .NET leaves an ignored signal alone: <c>ecapture tls &amp;</c> in a script could not be ended by
/// <c>kill -INT</c>, which is how scripts end captures.
/// </summary>
internal static partial class InterruptSignal
{
    private const int Interrupt = 2;
    private const nint Default = 0;

    /// <summary>Lets SIGINT end this process again. To be called before anything handles signals.</summary>
    internal static void Restore() => _ = signal(Interrupt, Default);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);
}
