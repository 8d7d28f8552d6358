using ECapture.Capture.Elf;

namespace ECapture.Capture.Modules.Shells;

/// <summary>The shells. Their numbers are what the BPF maps hold; 0 is no shell.</summary>
internal static class ShellKinds
{
    internal const uint Bash = 1;
    internal const uint Zsh = 4;

    private const long LargestShell = 8 << 20; // a copy of a shell under another name is not looked for in larger files

    private static readonly string[] s_names = ["", "bash", "sh", "dash", "zsh", "ksh", "ksh93", "mksh", "fish", "ash", "yash", "tcsh", "csh"];

    /// <summary>Names under which shells are looked for.</summary>
    internal static IEnumerable<string> Names => s_names.Skip(1).Append("rbash").Append("rzsh").Append("bash-static").Append("zsh-static");

    /// <summary>The kind of a program by its path, links resolved; 0: no shell's name.</summary>
    internal static uint Of(string path) => Path.GetFileName(path) switch
    {
        "rbash" or "bash-static" => Bash,
        "rzsh" or "zsh-static" => Zsh,
        string name => (uint)Math.Max(0, Array.IndexOf(s_names, name)),
    };

    /// <summary>The kind of a program file: bash and zsh by what they hold, whatever they are called; the others by their name.</summary>
    /// <param name="file">Path to open.</param>
    /// <param name="name">Path as people know it.</param>
    internal static uint Of(string file, string name)
    {
        try
        {
            if (Length(file) is > 0 and <= LargestShell)
            {
                using ElfFile elf = ElfFile.Open(file);
                if (Has(elf, "shell_execve", "last_command_exit_value"))
                {
                    return Bash;
                }

                if (Has(elf, "zleentry", "lastval"))
                {
                    return Zsh;
                }
            }
        }
        catch (Exception e) when (e is CaptureException or IOException or UnauthorizedAccessException)
        {
            // It ended, or is no program of this machine: its name is all there is.
        }

        return Of(name);
    }

    /// <summary>The name that events carry.</summary>
    internal static string NameOf(uint kind) => kind < s_names.Length ? s_names[kind] : "";

    private static bool Has(ElfFile elf, string function, string variable) => elf.TryGetSymbol(function, out _) && elf.TryGetSymbol(variable, out _);

    private static long Length(string file)
    {
        FileInfo info = new(file);
        return (info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? info) is { Exists: true } target ? target.Length : -1;
    }
}
