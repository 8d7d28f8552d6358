namespace ECapture.Capture.Modules.Shells;

/// <summary>Where shells may be: /etc/shells, the usual folders, the search path.</summary>
internal static class ShellSearch
{
    /// <summary>Program files on disk.</summary>
    internal static IEnumerable<string> OnDisk()
    {
        IEnumerable<string> folders = ["/bin", "/usr/bin", "/usr/local/bin", .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')];
        IEnumerable<string> named = folders
            .Where(f => f.StartsWith('/'))
            .SelectMany(f => ShellKinds.Names.Select(n => Path.Combine(f, n)));
        return Listed().Concat(named).Where(File.Exists).Select(Resolve).Distinct();
    }

    private static IEnumerable<string> Listed()
    {
        const string List = "/etc/shells";
        return File.Exists(List) ? File.ReadAllLines(List).Where(l => l.StartsWith('/')) : [];
    }

    private static string Resolve(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
}
