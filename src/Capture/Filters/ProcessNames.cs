using System.Globalization;
using System.Text;

namespace ECapture.Capture.Filters;

/// <summary>Processes by name as the kernel has it, or by pid.</summary>
internal sealed class ProcessNames
{
    private const int LongestName = 15; // comm has 16 bytes with its end

    private readonly byte[][] _names;

    /// <summary>Takes names (cut to 15 bytes) or pids in decimal.</summary>
    internal ProcessNames(IReadOnlyList<string> names) => _names = [.. names.Select(Kept)];

    /// <summary>True when nobody is named.</summary>
    internal bool IsEmpty => _names.Length == 0;

    /// <summary>True for a process that is named.</summary>
    internal bool Holds(ReadOnlySpan<byte> name, uint pid)
    {
        if (IsEmpty)
        {
            return false;
        }

        Span<byte> number = stackalloc byte[10];
        pid.TryFormat(number, out int length, default, CultureInfo.InvariantCulture);
        foreach (byte[] each in _names)
        {
            if (name.SequenceEqual(each) || number[..length].SequenceEqual(each))
            {
                return true;
            }
        }

        return false;
    }

    private static byte[] Kept(string name)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        return bytes.Length > LongestName ? bytes[..LongestName] : bytes;
    }
}
