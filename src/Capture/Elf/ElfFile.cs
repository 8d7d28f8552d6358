using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ECapture.Capture.Elf;

/// <summary>
/// Reads a 64-bit little-endian ELF file (System V gABI, "Object Files") that may be hostile or cut: every offset and size is checked
/// against the file before it is used, and nothing is mapped, so a file that shrinks while it is read is an error and not a signal.
/// Not for use by several threads at once.
/// </summary>
public sealed class ElfFile : IDisposable
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int SectionHeaderSize = 64;
    private const int MostNameBytes = 16 << 20;

    private readonly SafeFileHandle _file;
    private readonly List<ElfSegment> _segments = [];
    private readonly List<ElfSection> _sections = [];
    private byte[]? _buildId;

    private ElfFile(string path, SafeFileHandle file, long length)
    {
        Path = path;
        _file = file;
        Length = length;
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>Processor.</summary>
    public ElfMachine Machine { get; private set; }

    /// <summary>True when addresses are relocated at load (shared library, position-independent program).</summary>
    public bool IsPositionIndependent { get; private set; }

    /// <summary>Program headers in order.</summary>
    public IReadOnlyList<ElfSegment> Segments => _segments;

    /// <summary>Section headers in order; empty when the file has none (they are not needed to run).</summary>
    public IReadOnlyList<ElfSection> Sections => _sections;

    /// <summary>The GNU build id, usually 20 bytes; empty when there is none.</summary>
    public ReadOnlySpan<byte> BuildId => _buildId ??= ElfNotes.FindBuildId(this);

    /// <summary>Opens a file and reads its headers.</summary>
    /// <exception cref="CaptureException">It cannot be read, is no ELF file, is of another class or byte order, or is cut.</exception>
    public static ElfFile Open(string path)
    {
        SafeFileHandle? file = null;
        ElfFile? elf = null;
        try
        {
            file = File.OpenHandle(path);
            elf = new ElfFile(path, file, RandomAccess.GetLength(file));
            elf.ReadHeaders();
            return elf;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            file?.Dispose();
            throw new CaptureException($"cannot read {path}: {e.Message}", e);
        }
        catch (CaptureException)
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>Finds the first section of a name.</summary>
    public bool TryGetSection(string name, out ElfSection section)
    {
        foreach (ElfSection candidate in _sections)
        {
            if (candidate.Name == name)
            {
                section = candidate;
                return true;
            }
        }

        section = default;
        return false;
    }

    /// <summary>Converts a virtual address of the file (not of a process) to a file offset.</summary>
    /// <returns>False when no loaded part of the file holds the address.</returns>
    public bool TryGetFileOffset(ulong address, out ulong offset)
    {
        foreach (ElfSegment segment in _segments)
        {
            if (segment.IsLoaded && segment.Holds(address))
            {
                offset = segment.Offset + (address - segment.Address);
                return true;
            }
        }

        offset = 0;
        return false;
    }

    /// <summary>Finds a defined symbol, first among the dynamic ones, then in <c>.symtab</c>.</summary>
    public bool TryGetSymbol(string name, out ElfSymbol symbol) => ElfSymbols.TryFind(this, name, out symbol);

    /// <summary>Finds a function and where its first instruction is in the file, as uprobes want it.</summary>
    /// <returns>False when the file defines no such function in an executable part.</returns>
    public bool TryGetSymbolOffset(string name, out ulong fileOffset)
    {
        fileOffset = 0;
        return TryGetSymbol(name, out ElfSymbol symbol) && symbol.IsFunction && TryGetCodeOffset(symbol.Address, out fileOffset);
    }

    /// <summary>As <see cref="TryGetFileOffset"/>, for addresses of instructions only.</summary>
    public bool TryGetCodeOffset(ulong address, out ulong offset)
    {
        foreach (ElfSegment segment in _segments)
        {
            if (segment.IsLoaded && segment.IsExecutable && segment.Holds(address))
            {
                offset = segment.Offset + (address - segment.Address);
                return true;
            }
        }

        offset = 0;
        return false;
    }

    /// <summary>Reads bytes that must be there.</summary>
    /// <exception cref="CaptureException">The file ends before them, or reading fails.</exception>
    public void ReadAt(ulong offset, Span<byte> into)
    {
        if (ReadUpTo(offset, into) != into.Length)
        {
            throw Broken($"it ends before the {into.Length} bytes at {offset}: it is cut or damaged");
        }
    }

    /// <summary>Reads the bytes that there are.</summary>
    /// <returns>How many; fewer than asked for only at the end of the file.</returns>
    /// <exception cref="CaptureException">Reading fails.</exception>
    public int ReadUpTo(ulong offset, Span<byte> into)
    {
        if (offset >= (ulong)Length)
        {
            return 0;
        }

        try
        {
            int done = 0;
            while (done < into.Length)
            {
                int read = RandomAccess.Read(_file, into[done..], (long)offset + done);
                if (read == 0)
                {
                    break;
                }

                done += read;
            }

            return done;
        }
        catch (IOException e)
        {
            throw new CaptureException($"cannot read {Path}: {e.Message}", e);
        }
    }

    /// <summary>Reads the file's bytes at a virtual address.</summary>
    /// <returns>How many; fewer than asked for where the mapped part ends.</returns>
    public int ReadAddress(ulong address, Span<byte> into)
    {
        foreach (ElfSegment segment in _segments)
        {
            if (segment.IsLoaded && segment.Holds(address))
            {
                ulong left = segment.FileSize - (address - segment.Address);
                return ReadUpTo(segment.Offset + (address - segment.Address), into[..(int)Math.Min(left, (ulong)into.Length)]);
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    internal CaptureException Broken(string why) => new($"cannot use {Path}: {why}");

    private void ReadHeaders()
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        int read = ReadUpTo(0, header);
        if (read < 4 || BinaryPrimitives.ReadUInt32LittleEndian(header) != 0x464c457f)
        {
            throw Broken("it is not an ELF file");
        }

        if (read < HeaderSize)
        {
            throw Broken($"its ELF header is cut after {read} bytes");
        }

        if (header[4] != 2)
        {
            throw Broken(header[4] == 1 ? "it is a 32-bit ELF file; only 64-bit ones are supported" : $"its ELF class {header[4]} is unknown");
        }

        if (header[5] != 1)
        {
            throw Broken("it is a big-endian ELF file; only little-endian ones are supported");
        }

        const int SharedObject = 3;
        IsPositionIndependent = BinaryPrimitives.ReadUInt16LittleEndian(header[16..]) == SharedObject;
        Machine = (ElfMachine)BinaryPrimitives.ReadUInt16LittleEndian(header[18..]);
        ReadSegments(header);
        ReadSections(header);
    }

    private void ReadSegments(ReadOnlySpan<byte> header)
    {
        ulong at = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(header[54..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
        if (count > 0 && size < ProgramHeaderSize)
        {
            throw Broken($"its program headers have {size} bytes instead of {ProgramHeaderSize}");
        }

        byte[] table = new byte[count * size];
        ReadAt(at, table);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> h = table.AsSpan(i * size);
            ElfSegment segment = new(
                BinaryPrimitives.ReadUInt32LittleEndian(h), BinaryPrimitives.ReadUInt32LittleEndian(h[4..]),
                BinaryPrimitives.ReadUInt64LittleEndian(h[8..]), BinaryPrimitives.ReadUInt64LittleEndian(h[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(h[32..]), BinaryPrimitives.ReadUInt64LittleEndian(h[40..]),
                BinaryPrimitives.ReadUInt64LittleEndian(h[48..]));
            if (segment.IsLoaded && !Fits(segment.Offset, segment.FileSize))
            {
                throw Broken($"its segment {i} ends behind the end of the file: it is cut or damaged");
            }

            _segments.Add(segment);
        }
    }

    // Sections are not needed to run a program: an unusable table is the same as none.
    private void ReadSections(ReadOnlySpan<byte> header)
    {
        ulong at = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(header[58..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(header[60..]);
        int names = BinaryPrimitives.ReadUInt16LittleEndian(header[62..]);
        if (at == 0 || count == 0 || size < SectionHeaderSize || !Fits(at, (ulong)count * (ulong)size))
        {
            return;
        }

        byte[] table = new byte[count * size];
        ReadAt(at, table);
        ReadOnlySpan<byte> nameBytes = names < count ? ReadNames(table.AsSpan(names * size)) : [];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> h = table.AsSpan(i * size);
            _sections.Add(new ElfSection(
                Text(nameBytes, BinaryPrimitives.ReadUInt32LittleEndian(h)), BinaryPrimitives.ReadUInt32LittleEndian(h[4..]),
                BinaryPrimitives.ReadUInt64LittleEndian(h[16..]), BinaryPrimitives.ReadUInt64LittleEndian(h[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(h[32..]), BinaryPrimitives.ReadUInt32LittleEndian(h[40..]),
                BinaryPrimitives.ReadUInt64LittleEndian(h[56..])));
        }
    }

    private byte[] ReadNames(ReadOnlySpan<byte> section)
    {
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(section[24..]);
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(section[32..]);
        if (size > MostNameBytes || !Fits(offset, size))
        {
            return [];
        }

        byte[] names = new byte[size];
        ReadAt(offset, names);
        return names;
    }

    internal bool Fits(ulong offset, ulong size) => offset <= (ulong)Length && size <= (ulong)Length - offset;

    /// <summary>The NUL-terminated text at a position of a string table; empty when it is outside or not terminated.</summary>
    internal static string Text(ReadOnlySpan<byte> table, uint at)
    {
        if (at >= table.Length)
        {
            return "";
        }

        int length = table[(int)at..].IndexOf((byte)0);
        return length <= 0 ? "" : Encoding.UTF8.GetString(table.Slice((int)at, length));
    }
}
