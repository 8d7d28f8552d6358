using System.Globalization;
using System.Runtime.InteropServices;

namespace ECapture.Tests.Unit.Capture;

/// <summary>
/// A library loaded into the test process: the system's loader and /proc/self/maps are the oracle for symbols and file offsets.
/// </summary>
internal static class LoadedLibrary
{
    public static string LibSsl => PathOf("libssl.so.3");

    public static string PathOf(string name)
    {
        NativeLibrary.Load(name);
        return File.ReadLines("/proc/self/maps")
            .Select(l => l.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries))
            .First(p => p.Length == 6 && Path.GetFileName(p[5].Trim()).StartsWith(name, StringComparison.Ordinal))[5].Trim();
    }

    public static ulong FileOffsetOf(string library, string symbol)
    {
        ulong address = (ulong)NativeLibrary.GetExport(NativeLibrary.Load(library), symbol);
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] parts = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            string[] range = parts[0].Split('-');
            ulong start = ulong.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            ulong end = ulong.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (address >= start && address < end)
            {
                return address - start + ulong.Parse(parts[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            }
        }

        throw new InvalidOperationException($"{symbol} is not mapped");
    }
}
