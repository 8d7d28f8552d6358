using ECapture.Capture.Modules.Shells;

namespace ECapture.Capture.Modules.Bash;

/// <summary>
/// Publishes the lines typed into bash, and the programs that bash and every shell without a module of its own (sh, dash, ksh …) starts.
/// </summary>
public sealed class BashModule() : ShellModule(new BashShell());
