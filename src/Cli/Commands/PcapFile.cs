using ECapture.Cli.Options;
using ECapture.Cli.Supervision;
using ECapture.Query.Pcap;

namespace ECapture.Cli.Commands;

/// <summary>
/// Where `pcap` writes. A regular file gets its name when it is whole, so that nobody takes half of one for it; a device or a named pipe is written as
/// it stands, because renaming a file over it would take it away.
/// </summary>
internal static class PcapFile
{
    /// <summary>Writes to a path, or to standard output for <c>-</c>.</summary>
    /// <exception cref="UsageException">Nothing can be written there.</exception>
    internal static async Task<RebuildReport> WriteAsync(string path, Func<Stream, Task<RebuildReport>> write)
    {
        if (path == "-")
        {
            await using Stream output = Console.OpenStandardOutput();
            return await write(output);
        }

        string target = Resolve(path);
        switch (FileStatus.Of(target)?.Kind)
        {
            case FileKind.Directory:
                throw new UsageException($"-w: {path} is a directory; name a file");
            case FileKind.Special:
                await using (FileStream device = Open(path, target, FileMode.Open))
                {
                    return await write(device);
                }

            default:
                return await WriteWholeAsync(path, target, write);
        }
    }

    private static async Task<RebuildReport> WriteWholeAsync(string path, string target, Func<Stream, Task<RebuildReport>> write)
    {
        // A name of its own: two that write the same file do not mix, and nobody else made it beforehand.
        string part = $"{target}.{Guid.NewGuid():N}.part";
        await using FileStream file = Open(path, part, FileMode.CreateNew);
        try
        {
            RebuildReport report = await write(file);
            await file.DisposeAsync();
            File.Move(part, target, overwrite: true);
            return report;
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    // A symbolic link stays; what it names is written.
    private static string Resolve(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return path; // nothing is there yet
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unusable(path, e);
        }
    }

    // It may hold TLS secrets: nobody else can read it.
    private static FileStream Open(string path, string target, FileMode mode)
    {
        try
        {
            return new FileStream(target, new FileStreamOptions
            {
                Mode = mode,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite,
                UnixCreateMode = mode == FileMode.CreateNew ? UnixFileMode.UserRead | UnixFileMode.UserWrite : null,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unusable(path, e);
        }
    }

    private static UsageException Unusable(string path, Exception e) => new($"-w: {path} cannot be written: {e.Message}");
}
