using System.Text;

namespace ECapture.Benchmarks.Sink;

/// <summary>Finds a column in a block of ClickHouse's Native format (https://clickhouse.com/docs/interfaces/formats/Native).</summary>
internal static class NativeLayout
{
    /// <returns>Where the column's values begin.</returns>
    public static int Find(ReadOnlySpan<byte> block, string column)
    {
        int at = 0;
        int columns = Varint(block, ref at);
        int rows = Varint(block, ref at);
        for (int i = 0; i < columns; i++)
        {
            string name = Text(block, ref at);
            string type = Text(block, ref at);
            if (name == column)
            {
                return at;
            }

            if (type.StartsWith("Nullable(", StringComparison.Ordinal))
            {
                at += rows;
                type = type["Nullable(".Length..^1];
            }

            if (type == "String")
            {
                for (int row = 0; row < rows; row++)
                {
                    int length = Varint(block, ref at);
                    at += length;
                }

                continue;
            }

            at += rows * type switch
            {
                "UInt8" => 1,
                "UInt16" => 2,
                "UInt32" or "Int32" => 4,
                "UInt64" or "DateTime64(9, 'UTC')" => 8,
                "UUID" or "IPv6" => 16,
                _ => throw new ArgumentException($"a column of type {type}", nameof(block)),
            };
        }

        throw new ArgumentException($"no column {column}", nameof(column));
    }

    private static string Text(ReadOnlySpan<byte> block, ref int at)
    {
        int length = Varint(block, ref at);
        at += length;
        return Encoding.UTF8.GetString(block.Slice(at - length, length));
    }

    private static int Varint(ReadOnlySpan<byte> block, ref int at)
    {
        int value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = block[at++];
            value |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
