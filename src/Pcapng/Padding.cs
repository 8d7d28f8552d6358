namespace ECapture.Pcapng;

/// <summary>Alignment to 32 bits (section "General Block Structure").</summary>
internal static class Padding
{
    public static int Align(int length) => (length + 3) & ~3;
}
