namespace ECapture.Pcapng;

/// <summary>A file breaks the format. The message says where (byte offset of the block) and how.</summary>
public sealed class PcapngException : Exception
{
    /// <summary>Creates the exception.</summary>
    public PcapngException(long offset, string problem)
        : base(FormattableString.Invariant($"not a valid pcapng file: block at byte {offset}: {problem}")) => Offset = offset;

    /// <summary>Offset in bytes of the block that is broken.</summary>
    public long Offset { get; }
}
