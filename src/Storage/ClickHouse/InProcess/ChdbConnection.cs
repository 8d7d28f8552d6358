using System.Buffers;
using System.Text;

namespace ECapture.Storage.ClickHouse.InProcess;

/// <summary>One connection to the engine: one statement at a time, calls block. Not for several threads at once.</summary>
internal sealed unsafe class ChdbConnection(nint* handle) : IDisposable
{
    private nint* _handle = handle;

    private nint Handle => _handle is null ? throw new ObjectDisposedException(nameof(ChdbConnection)) : *_handle;

    /// <summary>Runs a statement; what it gives is thrown away.</summary>
    /// <exception cref="ChdbError">The engine refused it.</exception>
    public void Execute(string sql)
    {
        byte[] text = Encoding.UTF8.GetBytes(sql);
        fixed (byte* pointer = text, format = "Null"u8)
        {
            nint result = ChdbNative.Query(Handle, pointer, (nuint)text.Length, format, 4);
            try
            {
                Check(result);
            }
            finally
            {
                ChdbNative.DestroyResult(result);
            }
        }
    }

    /// <summary>Inserts Native blocks: whole when this returns.</summary>
    /// <exception cref="ChdbError">The engine refused it.</exception>
    public void Insert(string sql, ReadOnlySequence<byte> native)
    {
        byte[] text = Encoding.UTF8.GetBytes(sql);
        nint stream;
        fixed (byte* pointer = text, format = "Native"u8)
        {
            stream = ChdbNative.StreamInsert(Handle, pointer, (nuint)text.Length, format, 6);
        }

        try
        {
            CheckInsert(stream);
            foreach (ReadOnlyMemory<byte> piece in native)
            {
                Append(stream, piece.Span);
            }

            nint result = ChdbNative.StreamDone(stream);
            try
            {
                Check(result);
            }
            finally
            {
                ChdbNative.DestroyResult(result);
            }
        }
        finally
        {
            ChdbNative.DestroyInsertStream(stream); // cancels what was not done
        }
    }

    /// <summary>Begins a SELECT; <see cref="Fetch"/> gives its chunks.</summary>
    /// <exception cref="ChdbError">The engine refused it.</exception>
    public nint BeginQuery(string sql, string format, IReadOnlyDictionary<string, string> parameters)
    {
        // One pinned buffer of all strings; the arrays point into it.
        int count = parameters.Count;
        List<byte[]> strings = [Encoding.UTF8.GetBytes(sql), Encoding.UTF8.GetBytes(format)];
        foreach ((string name, string value) in parameters)
        {
            strings.Add(Encoding.UTF8.GetBytes(name));
            strings.Add(Encoding.UTF8.GetBytes(ClickHouseText.EscapeParameter(value)));
        }

        byte[] all = new byte[strings.Sum(s => s.Length) + 1];
        nint[] starts = new nint[strings.Count];
        nuint[] lengths = new nuint[strings.Count];
        nint[] names = new nint[count + 1];
        nint[] values = new nint[count + 1];
        nuint[] nameLengths = new nuint[count + 1];
        nuint[] valueLengths = new nuint[count + 1];
        fixed (byte* buffer = all)
        {
            int at = 0;
            for (int i = 0; i < strings.Count; i++)
            {
                strings[i].CopyTo(all, at);
                starts[i] = (nint)(buffer + at);
                lengths[i] = (nuint)strings[i].Length;
                at += strings[i].Length;
            }

            for (int i = 0; i < count; i++)
            {
                (names[i], nameLengths[i]) = (starts[2 + (2 * i)], lengths[2 + (2 * i)]);
                (values[i], valueLengths[i]) = (starts[3 + (2 * i)], lengths[3 + (2 * i)]);
            }

            fixed (nint* n = names, v = values)
            fixed (nuint* nl = nameLengths, vl = valueLengths)
            {
                nint stream = ChdbNative.StreamQuery(
                    Handle, (byte*)starts[0], lengths[0], (byte*)starts[1], lengths[1], (byte**)n, nl, (byte**)v, vl, (nuint)count);
                try
                {
                    Check(stream);
                    return stream;
                }
                catch
                {
                    ChdbNative.DestroyResult(stream);
                    throw;
                }
            }
        }
    }

    /// <summary>The next chunk; its length is 0 at the end. The caller destroys it.</summary>
    /// <exception cref="ChdbError">The query failed in the middle.</exception>
    public nint Fetch(nint stream)
    {
        nint chunk = ChdbNative.StreamFetch(Handle, stream);
        try
        {
            Check(chunk);
            return chunk;
        }
        catch
        {
            ChdbNative.DestroyResult(chunk);
            throw;
        }
    }

    /// <summary>Ends a SELECT, read to its end or not.</summary>
    public void EndQuery(nint stream, bool isComplete)
    {
        if (!isComplete)
        {
            ChdbNative.StreamCancel(Handle, stream);
        }

        ChdbNative.DestroyResult(stream);
    }

    public void Dispose()
    {
        if (_handle is not null)
        {
            ChdbNative.Close(_handle);
            _handle = null;
        }
    }

    private static void Check(nint result)
    {
        if (result == 0)
        {
            throw new ChdbError("the engine gave neither a result nor an error");
        }

        byte* error = ChdbNative.ResultError(result);
        if (error is not null)
        {
            throw new ChdbError(Text(error));
        }
    }

    private static void Append(nint stream, ReadOnlySpan<byte> piece)
    {
        fixed (byte* data = piece)
        {
            if (piece.Length > 0 && ChdbNative.StreamAppend(stream, data, (nuint)piece.Length) != 0)
            {
                CheckInsert(stream);
                throw new ChdbError("the insert stream took no data and gave no reason");
            }
        }
    }

    private static void CheckInsert(nint stream)
    {
        byte* error = ChdbNative.StreamInsertError(stream);
        if (error is not null)
        {
            throw new ChdbError(Text(error));
        }
    }

    private static string Text(byte* text) =>
        Encoding.UTF8.GetString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
}
