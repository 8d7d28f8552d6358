using ECapture.Capture.Bpf;

namespace ECapture.Capture.Modules.Shells;

/// <summary>What distinguishes one interactive shell from another: where its lines come from, and how they are written.</summary>
internal abstract class Shell
{
    /// <summary>The name users give to the module; also its BPF object's and its topic's.</summary>
    internal abstract string Name { get; }

    /// <summary>Its kind, one of <see cref="ShellKinds"/>.</summary>
    internal abstract uint Kind { get; }

    /// <summary>SHELL_RECORDS of its BPF object.</summary>
    internal abstract ushort FirstRecord { get; }

    /// <summary>True for the shells whose programs this module attaches to and whose commands it publishes.</summary>
    internal abstract bool Owns(uint kind);

    /// <summary>The programs that the user named beside those that are found.</summary>
    internal abstract IReadOnlyList<string> ExtraPrograms(CaptureOptions options);

    /// <summary>Compares the object's own records.</summary>
    /// <exception cref="CaptureException">They are not the same.</exception>
    internal abstract void CheckLayouts(BtfTypes types);

    /// <summary>Puts probes on a program file, for every process that runs it.</summary>
    /// <returns>Empty; or why its lines cannot be read.</returns>
    /// <exception cref="CaptureException">The file cannot be read, or the kernel refused.</exception>
    internal abstract string Attach(BpfObject obj, string file);

    /// <summary>Puts probes on shared libraries that hold its line editor; programs other than shells use them, too.</summary>
    /// <returns>True: there are some.</returns>
    /// <exception cref="CaptureException">One that the user named cannot be used.</exception>
    internal virtual bool AttachLibraries(BpfObject obj, CaptureOptions options) => false;

    /// <summary>The line as it was typed.</summary>
    internal virtual byte[] Decode(byte[] text) => text;
}
