using System.Runtime.InteropServices;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>
/// Finds connection objects in the memory of a process that nobody saw use one: words of an object point into its library (the method table, callbacks), at the same places in every object of a build.
/// What looks like one is only proposed; its secrets count when a record verifies.
/// </summary>
internal static class ObjectSearch
{
    /// <summary>Bytes from the begin of an object that are looked at.</summary>
    internal const int ObjectBytes = 2048;

    private const int PieceBytes = 192 * 1024;
    private const long MostBytes = 1L << 30; // of a process
    private const int MostFound = 1024;
    private const int Alignment = 16; // of what allocators give

    /// <summary>The places of an object's words that point into the library, and how far from its begin.</summary>
    internal static Dictionary<int, ulong> Marks(ReadOnlySpan<byte> content, ulong start, ulong end)
    {
        Dictionary<int, ulong> marks = [];
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(content[..Math.Min(content.Length, ObjectBytes)]);
        for (int i = 0; i < words.Length; i++)
        {
            if (words[i] >= start && words[i] < end)
            {
                marks.Add(i * 8, words[i] - start);
            }
        }

        return marks;
    }

    /// <summary>
    /// Addresses of what looks like an object of a library: first those that point to what other objects did. The rest may be objects, too (a server's have another method table than
    /// a client's), but where the library is a whole program, much points into it.
    /// </summary>
    /// <param name="pid">The process.</param>
    /// <param name="file">The library.</param>
    /// <param name="marks">Where its objects point into it, and to what.</param>
    /// <param name="stop">Ends the search.</param>
    internal static List<ulong> Find(int pid, FileIdentity file, IReadOnlyDictionary<int, HashSet<ulong>> marks, CancellationToken stop)
    {
        List<ulong> found = [];
        List<ulong> others = [];
        if (marks.Count == 0 || !MappedFile.TryFind(pid, file, out ulong start, out ulong end))
        {
            return found;
        }

        ulong first = (ulong)marks.Keys.Min();
        byte[] piece = new byte[PieceBytes];
        byte[] content = new byte[ObjectBytes];
        long left = MostBytes;
        foreach ((ulong from, ulong to) in MappedFile.Writable(pid))
        {
            int read;
            for (ulong at = from; at < to && left > 0 && !stop.IsCancellationRequested; at += (ulong)read, left -= read)
            {
                read = ProcessMemory.Read(pid, at, piece.AsSpan(0, (int)Math.Min(PieceBytes, to - at)));
                if (read == 0)
                {
                    break;
                }

                ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(piece.AsSpan(0, read));
                for (int i = 0; i < words.Length; i++)
                {
                    ulong address = at + ((ulong)i * 8) - first;
                    if (words[i] - start >= end - start || address % Alignment != 0 || !HasMarks(pid, address, content, marks, start, end, out bool areKnown))
                    {
                        continue;
                    }

                    if (areKnown)
                    {
                        found.Add(address);
                        if (found.Count == MostFound)
                        {
                            return found;
                        }
                    }
                    else if (others.Count < MostFound)
                    {
                        others.Add(address);
                    }
                }
            }
        }

        return [.. found, .. others.Take(MostFound - found.Count)];
    }

    private static bool HasMarks(
        int pid, ulong address, byte[] content, IReadOnlyDictionary<int, HashSet<ulong>> marks, ulong start, ulong end, out bool areKnown)
    {
        areKnown = true;
        int read = ProcessMemory.Read(pid, address, content) & ~7;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(content.AsSpan(0, read));
        foreach ((int at, HashSet<ulong> known) in marks)
        {
            if (at / 8 >= words.Length || words[at / 8] - start >= end - start)
            {
                return false;
            }

            areKnown &= known.Contains(words[at / 8] - start);
        }

        return true;
    }
}
