using System.Buffers.Text;

namespace ECapture.Protocols.Postgres;

/// <summary>Reads the row count of a CommandComplete tag ("Message Formats": INSERT oid rows, SELECT rows, …).</summary>
internal static class CommandTag
{
    internal static bool TryReadRows(ReadOnlySpan<byte> tag, out ulong rows)
    {
        rows = 0;
        int space = tag.LastIndexOf((byte)' ');
        if (space < 0)
        {
            return false;
        }

        ReadOnlySpan<byte> number = tag[(space + 1)..];
        return Utf8Parser.TryParse(number, out rows, out int used) && used == number.Length;
    }
}
