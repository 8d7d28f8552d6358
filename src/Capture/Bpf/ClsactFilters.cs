using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ECapture.Capture.Bpf;

/// <summary>Asks the kernel, by rtnetlink (rtnetlink(7)), whether a clsact qdisc has filters.</summary>
internal static unsafe partial class ClsactFilters
{
    private const int HeaderSize = 16;
    private const ushort GetFilter = 46; // RTM_GETTFILTER
    private const ushort NewFilter = 44;
    private const ushort Done = 3;
    private const ushort Error = 2;

    /// <summary>True when there is a filter at ingress or egress, or when the kernel does not say.</summary>
    internal static bool Any(int interfaceIndex)
    {
        const uint Ingress = 0xFFFFFFF2; // TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
        const uint Egress = 0xFFFFFFF3;
        return Any(interfaceIndex, Ingress) || Any(interfaceIndex, Egress);
    }

    private static bool Any(int interfaceIndex, uint parent)
    {
        const int Netlink = 16;
        const int Raw = 3;
        const int CloseOnExec = 0x80000;
        int fd = socket(Netlink, Raw | CloseOnExec, 0);
        if (fd < 0)
        {
            return true;
        }

        using SafeFileHandle handle = new(fd, ownsHandle: true);
        const int MessageSize = HeaderSize + 20; // struct tcmsg
        Span<byte> request = stackalloc byte[MessageSize];
        request.Clear();
        const ushort RequestDump = 0x301; // NLM_F_REQUEST | NLM_F_DUMP
        BinaryPrimitives.WriteInt32LittleEndian(request, MessageSize);
        BinaryPrimitives.WriteUInt16LittleEndian(request[4..], GetFilter);
        BinaryPrimitives.WriteUInt16LittleEndian(request[6..], RequestDump);
        BinaryPrimitives.WriteInt32LittleEndian(request[(HeaderSize + 4)..], interfaceIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(request[(HeaderSize + 12)..], parent);
        fixed (byte* r = request)
        {
            if (send(fd, r, MessageSize, 0) != MessageSize)
            {
                return true;
            }
        }

        byte[] answer = new byte[64 * 1024];
        while (true)
        {
            nint received;
            fixed (byte* a = answer)
            {
                received = recv(fd, a, (nuint)answer.Length, 0);
            }

            if (received <= 0)
            {
                return true;
            }

            for (ReadOnlySpan<byte> rest = answer.AsSpan(0, (int)received); rest.Length >= HeaderSize;)
            {
                int length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                switch (BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]))
                {
                    case NewFilter or Error:
                        return true;
                    case Done:
                        return false;
                    default:
                        break;
                }

                int aligned = (length + 3) & ~3;
                rest = length < HeaderSize || aligned > rest.Length ? [] : rest[aligned..];
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int fd, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int fd, byte* bytes, nuint length, int flags);
}
