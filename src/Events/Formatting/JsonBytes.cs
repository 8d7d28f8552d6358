using System.Text;
using System.Text.Json;

namespace ECapture.Events.Formatting;

/// <summary>
/// Captured bytes in JSON: a text when they are UTF-8 without controls other than tab, line feed and carriage return; else base64, and then a
/// field <c>NAME_encoding</c> says <c>base64</c>.
/// </summary>
public static class JsonBytes
{
    /// <summary>Writes a property.</summary>
    public static void Write(Utf8JsonWriter json, string name, ReadOnlySpan<byte> bytes)
    {
        if (IsText(bytes))
        {
            json.WriteString(name, bytes);
        }
        else
        {
            json.WriteBase64String(name, bytes);
            json.WriteString(name + "_encoding", "base64");
        }
    }

    /// <summary>True for UTF-8 without controls other than tab, line feed and carriage return.</summary>
    public static bool IsText(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            byte b = bytes[0];
            if (b < 0x80)
            {
                if (b is < (byte)' ' and not ((byte)'\t' or (byte)'\n' or (byte)'\r') or 0x7f)
                {
                    return false;
                }

                bytes = bytes[1..];
                continue;
            }

            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) != System.Buffers.OperationStatus.Done || Rune.IsControl(rune))
            {
                return false;
            }

            bytes = bytes[length..];
        }

        return true;
    }
}
