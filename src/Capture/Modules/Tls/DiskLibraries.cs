using System.Text;

namespace ECapture.Capture.Modules.Tls;

/// <summary>
/// Finds the TLS libraries that a process started later may load, so that their probes stand before it runs: what the loader's cache
/// names, and what lies in the usual folders.
/// </summary>
internal static class DiskLibraries
{
    private const string LoaderCache = "/etc/ld.so.cache";
    private const int MostCacheBytes = 64 << 20;

    private static readonly string[] s_folders =
    [
        "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/usr/local/ssl/lib",
        "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/usr/local/lib/x86_64-linux-gnu",
        "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/local/lib/aarch64-linux-gnu",
    ];

    /// <summary>The libraries there are now, each inode once.</summary>
    internal static IReadOnlyCollection<LibraryFile> Find(TlsApi api)
    {
        Dictionary<FileIdentity, LibraryFile> found = [];
        foreach (string path in CachedPaths(api).Concat(s_folders.SelectMany(folder => FolderPaths(folder, api))))
        {
            if (FileIdentity.TryRead(path, out FileIdentity identity))
            {
                found.TryAdd(identity, new LibraryFile(identity, path, path));
            }
        }

        return found.Values;
    }

    // The cache holds the paths as NUL-terminated strings, in every version of its format.
    internal static IEnumerable<string> PathsIn(ReadOnlySpan<byte> cache, TlsApi api)
    {
        List<string> paths = [];
        foreach (string prefix in api.FilePrefixes)
        {
            AddPaths(cache, Encoding.ASCII.GetBytes("/" + prefix), api, paths);
        }

        return paths;
    }

    private static void AddPaths(ReadOnlySpan<byte> cache, byte[] wanted, TlsApi api, List<string> paths)
    {
        while (cache.IndexOf(wanted) is >= 0 and int at)
        {
            int start = cache[..at].LastIndexOf((byte)0) + 1;
            int length = cache[at..].IndexOf((byte)0);
            if (length < 0)
            {
                break;
            }

            string path = Encoding.UTF8.GetString(cache[start..(at + length)]);
            if (path[0] == '/' && api.IsLibraryName(Path.GetFileName(path)))
            {
                paths.Add(path);
            }

            cache = cache[(at + length)..];
        }
    }

    private static IEnumerable<string> CachedPaths(TlsApi api)
    {
        FileInfo cache = new(LoaderCache);
        return cache.Exists && cache.Length <= MostCacheBytes ? PathsIn(File.ReadAllBytes(LoaderCache), api) : [];
    }

    private static IEnumerable<string> FolderPaths(string folder, TlsApi api) =>
        Directory.Exists(folder)
            ? api.FilePrefixes.SelectMany(prefix => Directory.EnumerateFiles(folder, prefix + "*")).Where(p => api.IsLibraryName(Path.GetFileName(p.AsSpan())))
            : [];
}
