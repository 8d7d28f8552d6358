using ECapture.Capture.Modules.Shells;

namespace ECapture.Capture.Modules.Zsh;

/// <summary>Publishes the lines typed into zsh, and the programs that zsh starts.</summary>
public sealed class ZshModule() : ShellModule(new ZshShell());
