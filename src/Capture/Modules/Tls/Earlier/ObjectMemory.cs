using System.Runtime.InteropServices;
using ECapture.Capture.Symbols;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>A connection object of a process and what it points to, as they were when they were read.</summary>
internal sealed class ObjectMemory
{
    private const int ObjectBytes = 12 * 1024;
    private const int PointedBytes = 8 * 1024;
    private const int MostPointers = 512;
    private const ulong LeastAddress = 0x10000;
    private const ulong MostAddress = 1UL << 47;
    private static readonly bool[] s_orders = [true, false];

    private readonly byte[] _object;
    private readonly List<(int Pointer, byte[] Bytes)> _pointed;

    private ObjectMemory(byte[] content, List<(int, byte[])> pointed)
    {
        _object = content;
        _pointed = pointed;
    }

    /// <summary>Reads an object.</summary>
    /// <param name="pid">Its process.</param>
    /// <param name="address">Where it is.</param>
    /// <returns>Null when it cannot be read (any more).</returns>
    internal static ObjectMemory? Read(int pid, ulong address)
    {
        byte[] buffer = new byte[ObjectBytes];
        int read = ProcessMemory.Read(pid, address, buffer) & ~7;
        if (read == 0)
        {
            return null;
        }

        byte[] content = buffer[..read];
        List<(int, byte[])> pointed = [];
        HashSet<ulong> followed = [address];
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(content);
        for (int i = 0; i < words.Length && pointed.Count < MostPointers; i++)
        {
            if (words[i] is >= LeastAddress and < MostAddress && words[i] % 8 == 0 && followed.Add(words[i]))
            {
                byte[] there = new byte[PointedBytes];
                int length = ProcessMemory.Read(pid, words[i], there) & ~7;
                if (length > 0)
                {
                    pointed.Add((i * 8, there[..length]));
                }
            }
        }

        return new ObjectMemory(content, pointed);
    }

    /// <summary>The object itself.</summary>
    internal ReadOnlySpan<byte> Content => _object;

    /// <summary>Every place where bytes are.</summary>
    internal List<FieldLocation> Find(ReadOnlySpan<byte> known)
    {
        List<FieldLocation> found = [];
        Find(known, -1, _object, found);
        foreach ((int pointer, byte[] bytes) in _pointed)
        {
            Find(known, pointer, bytes, found);
        }

        return found;
    }

    /// <summary>The bytes of a place; empty: they were not read.</summary>
    internal ReadOnlySpan<byte> At(FieldLocation place, int length)
    {
        byte[]? bytes = place.Pointer < 0 ? _object : _pointed.Find(p => p.Pointer == place.Pointer).Bytes;
        return bytes is not null && place.Offset >= 0 && place.Offset <= bytes.Length - length ? bytes.AsSpan(place.Offset, length) : [];
    }

    /// <summary>Every number that could be a count of records, in either byte order, with its place.</summary>
    /// <param name="least">Lower ones are left out.</param>
    internal IEnumerable<(NumberLocation Place, ulong Value)> Numbers(ulong least)
    {
        const ulong Most = 1UL << 40;
        foreach ((int pointer, byte[] bytes) in _pointed.Prepend((-1, _object)))
        {
            for (int at = 0; at <= bytes.Length - 8; at += 4)
            {
                foreach (bool isBigEndian in s_orders)
                {
                    NumberLocation place = new(new FieldLocation(pointer, at), isBigEndian);
                    ulong value = place.Value(bytes.AsSpan(at, 8));
                    if (value >= least && value < Most && (isBigEndian || at % 8 == 0))
                    {
                        yield return (place, value);
                    }
                }
            }
        }
    }

    private static void Find(ReadOnlySpan<byte> known, int pointer, byte[] bytes, List<FieldLocation> found)
    {
        for (int from = 0; bytes.AsSpan(from).IndexOf(known) is >= 0 and int at; from += at + 1)
        {
            found.Add(new FieldLocation(pointer, from + at));
        }
    }
}
