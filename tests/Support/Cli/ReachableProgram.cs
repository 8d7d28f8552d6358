using System.Diagnostics;

namespace ECapture.Tests.Support.Cli;

/// <summary>
/// The built program for users who are not root: a checkout may stand in a folder that only root can enter, and then they get a copy.
/// </summary>
internal static class ReachableProgram
{
    private static readonly Lazy<string> s_copy = new(Copy);

    /// <summary>Path of the program that the user may run.</summary>
    internal static string For(string user) => MayRun(user, Ecapture.Path) ? Ecapture.Path : s_copy.Value;

    private static bool MayRun(string user, string path)
    {
        using Process process = Process.Start("setpriv", ["--reuid", user, "--clear-groups", "--", "test", "-x", path]);
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static string Copy()
    {
        DirectoryInfo copy = Directory.CreateTempSubdirectory("ecapture-program-");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => copy.Delete(recursive: true);
        copy.UnixFileMode = (UnixFileMode)Convert.ToInt32("755", 8);
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy.FullName, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return Path.Combine(copy.FullName, Path.GetFileName(Ecapture.Path));
    }
}
