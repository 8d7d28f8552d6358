using System.Buffers.Binary;
using System.Text;
using ECapture.Capture.Elf;

namespace ECapture.Capture.Symbols;

/// <summary>
/// The table that every Go program carries to name its functions in traces, stripped or not (Go's <c>runtime.pclntab</c>; its header is
/// <c>runtime.pcHeader</c>), as written since Go 1.18. The file may be hostile: everything is checked against its size.
/// </summary>
internal sealed class GoFunctionTable
{
    private const uint Go118 = 0xfffffff0;
    private const uint Go120 = 0xfffffff1;
    private const int HeaderBytes = 72;
    private const int EntryBytes = 8;
    private const ulong MostNameBytes = 256UL << 20;

    private readonly ElfFile _elf;
    private readonly ulong _at;
    private readonly ulong _size;
    private readonly ulong _textStart;
    private readonly ulong _functions;
    private readonly ulong _namesAt;
    private readonly ulong _namesSize;
    private readonly ulong _functionsAt;

    private GoFunctionTable(ElfFile elf, ulong at, ulong address, ulong size, ReadOnlySpan<byte> header)
    {
        _elf = elf;
        _at = at;
        _size = size;
        _functions = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        ulong textStart = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        _namesAt = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        ulong unitsAt = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
        _functionsAt = BinaryPrimitives.ReadUInt64LittleEndian(header[64..]);
        if (_namesAt > unitsAt || unitsAt > size || unitsAt - _namesAt > MostNameBytes
            || _functionsAt > size || _functions > (size - _functionsAt) / EntryBytes)
        {
            throw elf.Broken("its Go function table ends behind its section: it is damaged");
        }

        _namesSize = unitsAt - _namesAt;
        const ulong TextStartField = 24;
        _textStart = GoTextStart.Find(elf, address + TextStartField, textStart);
    }

    /// <summary>Opens the table of a program.</summary>
    /// <param name="elf">The program.</param>
    /// <param name="why">Why there is none that can be read; empty when it was opened.</param>
    /// <exception cref="CaptureException">It is damaged.</exception>
    internal static GoFunctionTable? TryOpen(ElfFile elf, out string why)
    {
        why = "it has no Go function table";
        if (!GoSections.TryFindFunctionTable(elf, out ulong at, out ulong address, out ulong size))
        {
            return null;
        }

        if (size < HeaderBytes || !elf.Fits(at, size))
        {
            throw elf.Broken("its Go function table is cut");
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        elf.ReadAt(at, header);
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(header);
        const int PointerBytes = 8;
        if (magic is not (Go118 or Go120) || header[7] != PointerBytes)
        {
            why = $"its Go function table has the unknown form {magic:x8}; those of Go 1.18 and later are {Go118:x8} and {Go120:x8}";
            return null;
        }

        why = "";
        return new GoFunctionTable(elf, at, address, size, header);
    }

    /// <summary>Finds functions by their full names.</summary>
    /// <exception cref="CaptureException">The table is damaged.</exception>
    internal Dictionary<string, GoFunction> Find(IEnumerable<string> names)
    {
        Dictionary<string, GoFunction> found = new(StringComparer.Ordinal);
        Dictionary<uint, string> wanted = FindNames(names);
        if (wanted.Count == 0)
        {
            return found;
        }

        ElfWindow entries = new(_elf, _at + _functionsAt, _size - _functionsAt);
        ElfWindow functions = new(_elf, _at + _functionsAt, _size - _functionsAt);
        for (ulong i = 0; i < _functions && found.Count < wanted.Count; i++)
        {
            // Offset of the code from the text's start, offset of struct _func from here; behind the last one only where the text ends.
            bool hasNext = (i + 2) * EntryBytes <= _size - _functionsAt;
            ReadOnlySpan<byte> entry = entries.At(i * EntryBytes, EntryBytes + sizeof(uint));
            uint code = BinaryPrimitives.ReadUInt32LittleEndian(entry);
            uint function = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
            uint next = hasNext ? BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]) : code;
            uint name = BinaryPrimitives.ReadUInt32LittleEndian(functions.At((ulong)function + 4, sizeof(uint)));
            if (next > code && wanted.TryGetValue(name, out string? text))
            {
                found.TryAdd(text, new GoFunction(_textStart + code, next - code));
            }
        }

        return found;
    }

    private Dictionary<uint, string> FindNames(IEnumerable<string> names)
    {
        byte[] all = new byte[_namesSize];
        _elf.ReadAt(_at + _namesAt, all);
        Dictionary<uint, string> found = [];
        foreach (string name in names)
        {
            byte[] text = [0, .. Encoding.UTF8.GetBytes(name), 0];
            int at = all.AsSpan().IndexOf(text);
            if (at >= 0)
            {
                found.TryAdd((uint)at + 1, name);
            }
            else if (all.AsSpan().StartsWith(text.AsSpan(1)))
            {
                found.TryAdd(0, name);
            }
        }

        return found;
    }
}
