using System.Runtime.InteropServices;
using System.Text;

namespace ECapture.Capture.Filters;

/// <summary>A filter expression of pcap-filter(7), compiled and run by libpcap. Not for several threads.</summary>
internal sealed unsafe class PacketFilter : IDisposable
{
    private const int ProgramSize = 16; // struct bpf_program: a length and a pointer
    private const int LongestFrame = 262_144;
    private const uint UnknownNetmask = uint.MaxValue;
    private const int Ethernet = 1;
    private const uint RawIpLinkType = 101;
    private const int RawIp = 12; // DLT_RAW on Linux, which pcapng calls 101

    private readonly LibPcap _library;
    private readonly byte[] _expression;
    private readonly Dictionary<uint, nint> _programs = [];

    private PacketFilter(LibPcap library, string expression)
    {
        _library = library;
        _expression = [.. Encoding.UTF8.GetBytes(expression), 0];
    }

    /// <summary>Compiles an expression.</summary>
    /// <exception cref="FormatException">It is none; says what is wrong. Or libpcap is missing.</exception>
    internal static PacketFilter Compile(string expression)
    {
        PacketFilter filter = new(LibPcap.Load(), expression);
        try
        {
            filter.ProgramFor(Ethernet);
            return filter;
        }
        catch (FormatException)
        {
            filter.Dispose();
            throw;
        }
    }

    /// <summary>True for a frame that the expression wants.</summary>
    /// <param name="linkType">LINKTYPE_ of the interface.</param>
    /// <param name="frame">Its bytes.</param>
    /// <param name="originalLength">Bytes it had on the wire.</param>
    internal bool Matches(uint linkType, ReadOnlySpan<byte> frame, uint originalLength)
    {
        PacketHeader header = new() { Captured = (uint)frame.Length, Length = Math.Max(originalLength, (uint)frame.Length) };
        fixed (byte* bytes = frame)
        {
            return _library.Run(ProgramFor(linkType), (nint)(&header), bytes) != 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (nint program in _programs.Values)
        {
            _library.Free(program);
            NativeMemory.Free((void*)program);
        }

        _programs.Clear();
    }

    private nint ProgramFor(uint linkType)
    {
        if (_programs.TryGetValue(linkType, out nint program))
        {
            return program;
        }

        program = (nint)NativeMemory.AllocZeroed(ProgramSize);
        nint handle = _library.OpenDead(linkType == RawIpLinkType ? RawIp : (int)linkType, LongestFrame);
        try
        {
            fixed (byte* expression = _expression)
            {
                if (_library.Compile(handle, program, expression, 1, UnknownNetmask) != 0)
                {
                    string why = Marshal.PtrToStringUTF8(_library.LastError(handle)) ?? "";
                    NativeMemory.Free((void*)program);
                    throw new FormatException($"'{Encoding.UTF8.GetString(_expression.AsSpan(0, _expression.Length - 1))}' is no packet filter: {why} (see pcap-filter(7))");
                }
            }
        }
        finally
        {
            _library.Close(handle);
        }

        _programs[linkType] = program;
        return program;
    }

    // struct pcap_pkthdr
    [StructLayout(LayoutKind.Sequential)]
    private struct PacketHeader
    {
        internal long Seconds;
        internal long Microseconds;
        internal uint Captured;
        internal uint Length;
    }
}
