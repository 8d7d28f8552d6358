namespace ECapture.Policies;

/// <summary>Something in a policy file that cannot be used.</summary>
/// <param name="Line">Line in the file, from 1.</param>
/// <param name="Path">The setting: <c>modules.tls.retention.age</c>; empty: the file as a whole.</param>
/// <param name="Message">What is wrong with it, and what would be right.</param>
public sealed record PolicyError(int Line, string Path, string Message)
{
    /// <summary>One line for the user: <c>FILE:LINE: PATH: MESSAGE</c>.</summary>
    public string In(string file) => Path.Length == 0 ? $"{file}:{Line}: {Message}" : $"{file}:{Line}: {Path}: {Message}";
}
