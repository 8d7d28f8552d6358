using System.Text;
using System.Text.Unicode;

namespace ECapture.Storage.Tables;

/// <summary>
/// Text. PostgreSQL refuses a whole COPY for one byte that is no UTF-8, or for a NUL: such bytes become U+FFFD, in both stores, so that
/// both give the same answer. The event keeps what was there.
/// </summary>
internal sealed class TextColumn(string name, string clickHouseType, BytesColumn.Getter get) : Column(name, clickHouseType, "text")
{
    internal override void AppendNative(in EventRow row, NativeColumn column)
    {
        ReadOnlySpan<byte> value = get(row);
        if (!IsClean(value))
        {
            value = Clean(value);
        }

        column.Values.WriteVarint((uint)value.Length);
        column.Values.Write(value);
    }

    internal override void AppendCopy(in EventRow row, ByteBuffer tuple) => WriteCopy(get(row), tuple);

    internal static void WriteCopy(ReadOnlySpan<byte> value, ByteBuffer tuple)
    {
        if (!IsClean(value))
        {
            value = Clean(value);
        }

        tuple.WriteCopyLength(value.Length);
        tuple.Write(value);
    }

    private static bool IsClean(ReadOnlySpan<byte> value) => !value.Contains((byte)0) && Utf8.IsValid(value);

    // Only hostile or broken writers come here; it may allocate.
    private static byte[] Clean(ReadOnlySpan<byte> value) =>
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(value).Replace('\0', '\uFFFD'));
}
