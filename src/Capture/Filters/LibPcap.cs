using System.Runtime.InteropServices;

namespace ECapture.Capture.Filters;

/// <summary>The functions of libpcap that filters need; found when the first filter is, so that nobody else needs the library.</summary>
internal sealed unsafe class LibPcap
{
    // Debian's name, then everybody else's.
    private static readonly string[] s_names = ["libpcap.so.0.8", "libpcap.so.1"];

    private LibPcap(nint library)
    {
        OpenDead = (delegate* unmanaged<int, int, nint>)NativeLibrary.GetExport(library, "pcap_open_dead");
        Compile = (delegate* unmanaged<nint, nint, byte*, int, uint, int>)NativeLibrary.GetExport(library, "pcap_compile");
        LastError = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(library, "pcap_geterr");
        Run = (delegate* unmanaged<nint, nint, byte*, int>)NativeLibrary.GetExport(library, "pcap_offline_filter");
        Free = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(library, "pcap_freecode");
        Close = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(library, "pcap_close");
    }

    /// <summary>pcap_open_dead(3): link type, snapshot length.</summary>
    internal delegate* unmanaged<int, int, nint> OpenDead { get; }

    /// <summary>pcap_compile(3): handle, program, expression, optimise, netmask.</summary>
    internal delegate* unmanaged<nint, nint, byte*, int, uint, int> Compile { get; }

    /// <summary>pcap_geterr(3).</summary>
    internal delegate* unmanaged<nint, nint> LastError { get; }

    /// <summary>pcap_offline_filter(3): program, header, frame.</summary>
    internal delegate* unmanaged<nint, nint, byte*, int> Run { get; }

    /// <summary>pcap_freecode(3).</summary>
    internal delegate* unmanaged<nint, void> Free { get; }

    /// <summary>pcap_close(3).</summary>
    internal delegate* unmanaged<nint, void> Close { get; }

    /// <summary>Loads the library.</summary>
    /// <exception cref="FormatException">It is not there.</exception>
    internal static LibPcap Load()
    {
        foreach (string name in s_names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                return new LibPcap(library);
            }
        }

        throw new FormatException($"a packet filter needs libpcap ({string.Join(" or ", s_names)}): install it (Debian: apt-get install libpcap0.8), or leave the filter out");
    }
}
