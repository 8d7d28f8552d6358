using System.Runtime.InteropServices;

namespace ECapture.Capture.Modules.Processes;

/// <summary>What .NET does not say about files.</summary>
internal static unsafe partial class FileSystem
{
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(int directory, string path, int flags, uint mask, ImageKey.StatX* into);
}
