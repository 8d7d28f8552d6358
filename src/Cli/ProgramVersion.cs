using System.Reflection;

namespace ECapture.Cli;

/// <summary>The version of this program.</summary>
internal static class ProgramVersion
{
    internal static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
}
