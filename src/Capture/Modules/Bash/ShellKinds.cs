namespace ECapture.Capture.Modules.Bash;

/// <summary>The shells by the name of their program file. Their numbers are what the BPF maps hold; 0 is no shell.</summary>
internal static class ShellKinds
{
    private static readonly string[] s_names = ["", "bash", "sh", "dash", "zsh", "ksh", "ksh93", "mksh", "fish", "ash", "yash", "tcsh", "csh"];

    internal const uint Bash = 1;

    /// <summary>Names under which shells are looked for.</summary>
    internal static IEnumerable<string> Names => s_names.Skip(1).Append("rbash");

    /// <summary>The kind of a program by its path, links resolved; 0: no shell's name.</summary>
    internal static uint Of(string path)
    {
        string name = Path.GetFileName(path);
        return name == "rbash" ? Bash : (uint)Math.Max(0, Array.IndexOf(s_names, name));
    }

    /// <summary>The name that events carry.</summary>
    internal static string NameOf(uint kind) => kind < s_names.Length ? s_names[kind] : "";
}
