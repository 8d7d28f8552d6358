using System.Globalization;
using System.Text;

namespace ECapture.Terminal;

/// <summary>Processes by name or pid: those that are shown, and those that are not.</summary>
internal sealed class ProcessNames
{
    private readonly byte[][] _targets;
    private readonly byte[][] _ignored;

    /// <summary>Takes names as the kernel has them (at most 15 bytes) or pids in decimal.</summary>
    /// <param name="targets">Only these; none: all.</param>
    /// <param name="ignored">Not these.</param>
    internal ProcessNames(IReadOnlyList<string> targets, IReadOnlyList<string> ignored)
    {
        Targets = targets;
        Ignored = ignored;
        _targets = [.. targets.Select(Kept)];
        _ignored = [.. ignored.Select(Kept)];
    }

    /// <summary>Nobody is named.</summary>
    internal static ProcessNames None { get; } = new([], []);

    /// <summary>Only these; none: all.</summary>
    internal IReadOnlyList<string> Targets { get; }

    /// <summary>Not these.</summary>
    internal IReadOnlyList<string> Ignored { get; }

    /// <summary>True when nobody is left out.</summary>
    internal bool IsOpen => _targets.Length == 0 && _ignored.Length == 0;

    /// <summary>True for a process that is shown.</summary>
    internal bool Wants(ReadOnlySpan<byte> name, uint pid) =>
        IsOpen || ((_targets.Length == 0 || Holds(_targets, name, pid)) && !Holds(_ignored, name, pid));

    // comm has 16 bytes with its end.
    private static byte[] Kept(string name)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        return bytes.Length > 15 ? bytes[..15] : bytes;
    }

    private static bool Holds(byte[][] names, ReadOnlySpan<byte> name, uint pid)
    {
        Span<byte> number = stackalloc byte[10];
        pid.TryFormat(number, out int length, default, CultureInfo.InvariantCulture);
        foreach (byte[] each in names)
        {
            if (name.SequenceEqual(each) || number[..length].SequenceEqual(each))
            {
                return true;
            }
        }

        return false;
    }
}
