using System.Diagnostics;

namespace ECapture.Tests.Support.Shells;

/// <summary>A bash that a person sits at.</summary>
public sealed class InteractiveBash : InteractiveShell
{
    private InteractiveBash(Process process)
        : base(process)
    {
    }

    /// <summary>Starts it and waits for its prompt.</summary>
    public static async Task<InteractiveBash> StartAsync(string directory, string bash = "bash")
    {
        InteractiveBash shell = new(Start($"{bash} --norc --noprofile -i", directory, "dumb"));
        await shell.WaitAsync();
        return shell;
    }
}
