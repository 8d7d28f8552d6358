using System.Runtime.InteropServices;

namespace ECapture.Capture.Bpf;

/// <summary>The libbpf that is loaded.</summary>
public static class LibBpfVersion
{
    /// <summary>As it says itself, <c>v1.1</c>; null: it is not installed.</summary>
    public static string? Text
    {
        get
        {
            try
            {
                return Marshal.PtrToStringUTF8(LibBpf.libbpf_version_string());
            }
            catch (DllNotFoundException)
            {
                return null;
            }
        }
    }
}
