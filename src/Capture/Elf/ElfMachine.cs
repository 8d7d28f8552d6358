namespace ECapture.Capture.Elf;

/// <summary>Processor of an ELF file (<c>e_machine</c>). Other values are possible.</summary>
public enum ElfMachine
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>x86-64.</summary>
    X64 = 62,

    /// <summary>AArch64.</summary>
    Arm64 = 183,
}
