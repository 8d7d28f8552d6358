namespace ECapture.Capture.Modules.Processes;

/// <summary>Paths as the BPF programs walk them: leaf first, each component with its NUL.</summary>
internal static class KernelPath
{
    private const uint IsCut = 0x8000; // PATH_IS_CUT in bpf/include/process.h

    /// <summary>Bytes that a path takes in the record.</summary>
    internal static int Length(uint length) => (int)(length & ~IsCut);

    /// <summary>
    /// The path from the root. One of which the first components are missing begins without a slash.
    /// </summary>
    /// <param name="leafFirst">The components.</param>
    /// <param name="length">The length of the record, for its mark.</param>
    internal static byte[] ToPath(ReadOnlySpan<byte> leafFirst, uint length)
    {
        bool isCut = (length & IsCut) != 0;
        if (leafFirst.IsEmpty)
        {
            return isCut ? [] : "/"u8.ToArray();
        }

        byte[] path = new byte[leafFirst.Length + 1]; // a last component without its NUL needs a byte more
        int at = path.Length;
        while (!leafFirst.IsEmpty)
        {
            int end = leafFirst.IndexOf((byte)0);
            ReadOnlySpan<byte> component = end < 0 ? leafFirst : leafFirst[..end];
            leafFirst = end < 0 ? [] : leafFirst[(end + 1)..];
            at -= component.Length;
            component.CopyTo(path.AsSpan(at));
            path[--at] = (byte)'/';
        }

        return path[(isCut ? at + 1 : at)..];
    }
}
