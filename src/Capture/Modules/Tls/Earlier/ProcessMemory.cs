using System.Runtime.InteropServices;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>Reads the memory of another process (process_vm_readv(2)), which goes on meanwhile.</summary>
internal static unsafe partial class ProcessMemory
{
    private const int PageBytes = 4096;
    private const int MostPieces = 64;

    /// <summary>Reads up to the first page that cannot be read.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="address">Where.</param>
    /// <param name="to">At most 252 KiB.</param>
    /// <returns>Bytes read; 0: none, also when the process ended.</returns>
    internal static int Read(int pid, ulong address, Span<byte> to)
    {
        // A piece that cannot be read whole is not read at all: pieces end where pages do.
        Vector* remote = stackalloc Vector[MostPieces];
        int pieces = 0;
        ulong end = address + (ulong)to.Length;
        for (ulong at = address; at < end && pieces < MostPieces; pieces++)
        {
            ulong next = Math.Min(end, (at | (PageBytes - 1)) + 1);
            remote[pieces] = new Vector { Start = at, Length = next - at };
            at = next;
        }

        fixed (byte* p = to)
        {
            Vector local = new() { Start = (ulong)p, Length = (ulong)to.Length };
            return (int)Math.Max(0, process_vm_readv(pid, &local, 1, remote, (ulong)pieces, 0));
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint process_vm_readv(int pid, Vector* local, ulong localCount, Vector* remote, ulong remoteCount, ulong flags);

    // struct iovec
    private struct Vector
    {
        internal ulong Start;
        internal ulong Length;
    }
}
