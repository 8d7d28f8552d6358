using System.Diagnostics;
using System.Globalization;

namespace ECapture.Tests.Support;

/// <summary>A small disk in memory that can be filled up. Needs root.</summary>
public sealed class TmpfsMount : IAsyncDisposable
{
    private readonly string _ballast;

    private TmpfsMount(string folder)
    {
        Folder = folder;
        _ballast = Path.Combine(folder, ".ballast");
    }

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    /// <summary>Mounts it on a new folder.</summary>
    /// <exception cref="InvalidOperationException">It could not be mounted; says why.</exception>
    public static async Task<TmpfsMount> MountAsync(string folder, long bytes)
    {
        Directory.CreateDirectory(folder);
        await RunAsync("mount", ["-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={bytes},mode=0755"), "tmpfs", folder]);
        return new TmpfsMount(folder);
    }

    /// <summary>Takes the space that is free.</summary>
    /// <param name="leave">Bytes to leave free, a multiple of 1 MiB.</param>
    public void Fill(long leave = 0)
    {
        byte[] zeros = new byte[1 << 20];
        DriveInfo disk = new(Folder);
        using FileStream ballast = new(_ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (int size = zeros.Length; size >= 1024 && disk.AvailableFreeSpace > leave;)
        {
            try
            {
                ballast.Write(zeros, 0, size);
            }
            catch (IOException)
            {
                size /= 2; // no room for so much
            }
        }
    }

    /// <summary>Gives the space back.</summary>
    public void Free() => File.Delete(_ballast);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await RunAsync("umount", ["-l", Folder]);

    private static async Task RunAsync(string program, string[] arguments)
    {
        using Process process = new() { StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardError = true } };
        process.Start();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed: {errors.Trim()} (needs root)");
        }
    }
}
