namespace ECapture.Capture.Elf;

/// <summary>A program header: bytes of the file and where they are mapped.</summary>
/// <param name="Type"><c>p_type</c>: 1 load, 2 dynamic, 4 note.</param>
/// <param name="Flags"><c>p_flags</c>: 1 execute, 2 write, 4 read.</param>
/// <param name="Offset">Where in the file.</param>
/// <param name="Address">Virtual address, before relocation.</param>
/// <param name="FileSize">Bytes in the file.</param>
/// <param name="MemorySize">Bytes in memory; what the file does not have is zero.</param>
/// <param name="Alignment"><c>p_align</c>.</param>
public readonly record struct ElfSegment(
    uint Type, uint Flags, ulong Offset, ulong Address, ulong FileSize, ulong MemorySize, ulong Alignment)
{
    internal const uint Load = 1;
    internal const uint Dynamic = 2;
    internal const uint Note = 4;

    /// <summary>True for a part of the memory image.</summary>
    public bool IsLoaded => Type == Load;

    /// <summary>True when its bytes are instructions.</summary>
    public bool IsExecutable => (Flags & 1) != 0;

    /// <summary>True when the program may change its bytes.</summary>
    public bool IsWritable => (Flags & 2) != 0;

    /// <summary>True when the file has the byte at this address.</summary>
    public bool Holds(ulong address) => address >= Address && address - Address < FileSize;
}
