using System.Buffers;
using System.Text;
using ECapture.Storage.Tables;

namespace ECapture.Sink.ClickHouse;

/// <summary>Writes few rows as one block in Native format, column by column.</summary>
/// <param name="rows">The rows.</param>
/// <param name="columns">How many columns follow.</param>
internal sealed class NativeRows<TRow>(IReadOnlyList<TRow> rows, int columns)
{
    private readonly ByteBuffer _block = Begin(rows.Count, columns);

    public NativeRows<TRow> Text(string name, Func<TRow, string> value) => Bytes(name, row => Encoding.UTF8.GetBytes(value(row)));

    public NativeRows<TRow> Bytes(string name, Func<TRow, ReadOnlyMemory<byte>> value)
    {
        Header(name, "String");
        foreach (TRow row in rows)
        {
            Write(value(row).Span);
        }

        return this;
    }

    /// <param name="name">The column.</param>
    /// <param name="type">Its type: one that is <paramref name="width"/> bytes, lowest first.</param>
    /// <param name="width">Bytes.</param>
    /// <param name="value">Of a row.</param>
    public NativeRows<TRow> Number(string name, string type, int width, Func<TRow, ulong> value)
    {
        Header(name, type);
        foreach (TRow row in rows)
        {
            _block.WriteLittleEndian(value(row), width);
        }

        return this;
    }

    public ReadOnlySequence<byte> ToSequence() => new(_block.ToArray());

    private static ByteBuffer Begin(int rows, int columns)
    {
        ByteBuffer block = new();
        block.WriteVarint((uint)columns);
        block.WriteVarint((uint)rows);
        return block;
    }

    private void Header(string name, string type)
    {
        Write(Encoding.UTF8.GetBytes(name));
        Write(Encoding.UTF8.GetBytes(type));
    }

    private void Write(ReadOnlySpan<byte> value)
    {
        _block.WriteVarint((uint)value.Length);
        _block.Write(value);
    }
}
