using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ECapture.Capture.Modules.Processes;

namespace ECapture.Capture.Modules.Shells;

/// <summary>A typed line.</summary>
/// <param name="Record">Where it was typed.</param>
/// <param name="Directory">Working directory.</param>
/// <param name="Text">The line, as far as it was kept.</param>
/// <param name="OriginalLength">Bytes that there were (at least), when fewer were kept; else 0.</param>
internal sealed record TypedLine(LineRecord Record, byte[] Directory, byte[] Text, ulong OriginalLength);

/// <summary>Puts lines together from their chunks. A thread's chunks come in order; a missing one is seen by the offsets.</summary>
internal sealed class LineAssembler(int limit)
{
    private const int MostLines = 1024;
    private readonly Dictionary<uint, Building> _byThread = [];

    /// <summary>Takes the first record of a line.</summary>
    /// <returns>The line when it is whole; null: more is to come, or the record is none.</returns>
    internal TypedLine? Begin(ReadOnlySpan<byte> bytes)
    {
        if (!MemoryMarshal.TryRead(bytes, out LineRecord record))
        {
            return null;
        }

        ReadOnlySpan<byte> rest = bytes[Unsafe.SizeOf<LineRecord>()..];
        int directory = KernelPath.Length(record.DirectoryLength);
        if ((long)directory + record.TextLength > rest.Length)
        {
            return null;
        }

        Building line = new(record, KernelPath.ToPath(rest[..directory], record.DirectoryLength), limit);
        line.Add(0, rest.Slice(directory, (int)record.TextLength));
        return Next(line, record.Header.Tid, record.Header.Flags);
    }

    /// <summary>Takes another record of a line.</summary>
    /// <returns>The line when it is whole.</returns>
    internal TypedLine? Continue(ReadOnlySpan<byte> bytes)
    {
        if (!MemoryMarshal.TryRead(bytes, out MoreRecord record)
            || !_byThread.Remove(record.Header.Tid, out Building? line))
        {
            return null;
        }

        ReadOnlySpan<byte> rest = bytes[Unsafe.SizeOf<MoreRecord>()..];
        line.Add(record.Offset, rest[..(int)Math.Min(record.TextLength, (uint)rest.Length)]);
        return Next(line, record.Header.Tid, record.Header.Flags);
    }

    private TypedLine? Next(Building line, uint thread, ushort flags)
    {
        if ((flags & LineRecord.More) != 0)
        {
            if (_byThread.Count >= MostLines)
            {
                _byThread.Clear(); // their ends were lost
            }

            _byThread[thread] = line;
            return null;
        }

        return line.Finish((flags & LineRecord.Cut) != 0);
    }

    private sealed class Building(LineRecord record, byte[] directory, int limit)
    {
        private readonly ArrayBufferWriter<byte> _text = new();
        private ulong _end;
        private bool _hasHole;

        internal void Add(uint offset, ReadOnlySpan<byte> text)
        {
            _hasHole |= offset != _end;
            _end = offset + (ulong)text.Length;
            if (!_hasHole)
            {
                _text.Write(text[..Math.Min(text.Length, Math.Max(0, limit - _text.WrittenCount))]);
            }
        }

        internal TypedLine Finish(bool isCut)
        {
            byte[] text = _text.WrittenSpan.ToArray();
            ulong length = isCut ? _end + 1 : _end;
            return new TypedLine(record, directory, text, length > (ulong)text.Length ? length : 0);
        }
    }
}
