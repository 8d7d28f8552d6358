using System.Diagnostics;

namespace ECapture.Tests.Support.Shells;

/// <summary>A zsh that a person sits at.</summary>
public sealed class InteractiveZsh : InteractiveShell
{
    private InteractiveZsh(Process process)
        : base(process)
    {
    }

    /// <summary>Starts it and waits for its prompt.</summary>
    public static async Task<InteractiveZsh> StartAsync(string directory, string zsh = "zsh")
    {
        InteractiveZsh shell = new(Start($"{zsh} -f -i +o promptsp -o interactivecomments", directory, "xterm"));
        await shell.WaitAsync();
        return shell;
    }

    /// <summary>Pastes a line, as a terminal tells the shell by bracketed paste, and waits for the next prompt.</summary>
    public Task PasteAsync(string line) => TypeAsync($"\u001b[200~{line}\u001b[201~");
}
