using System.Collections;

namespace ECapture.Protocols.Http;

/// <summary>The fields of one header or trailer section in the order they were sent, over one block of bytes.</summary>
public sealed class HttpHeaders : IReadOnlyList<HttpHeader>
{
    private readonly byte[] _text;
    private readonly Entry[] _entries;

    internal HttpHeaders(byte[] text, Entry[] entries)
    {
        _text = text;
        _entries = entries;
    }

    /// <summary>No fields.</summary>
    public static HttpHeaders Empty { get; } = new([], []);

    /// <summary>The number of fields.</summary>
    public int Count => _entries.Length;

    /// <summary>The field at a position.</summary>
    /// <exception cref="IndexOutOfRangeException">There is none.</exception>
    public HttpHeader this[int index]
    {
        get
        {
            Entry entry = _entries[index];
            return new HttpHeader(
                _text.AsMemory(entry.Start, entry.NameLength), _text.AsMemory(entry.Start + entry.NameLength, entry.ValueLength), entry.Flags);
        }
    }

    /// <summary>The first field of a name, in any case (RFC 9110 section 5.1).</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out ReadOnlyMemory<byte> value)
    {
        for (int i = 0; i < _entries.Length; i++)
        {
            if (Is(i, name))
            {
                value = this[i].Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Whether a comma-separated list field (RFC 9110 section 5.6.1) of any of its lines holds a token, in any case.</summary>
    public bool HasToken(ReadOnlySpan<byte> name, ReadOnlySpan<byte> token)
    {
        for (int i = 0; i < _entries.Length; i++)
        {
            if (!Is(i, name))
            {
                continue;
            }

            ReadOnlySpan<byte> value = this[i].Value.Span;
            while (HttpSyntax.TryNextListItem(ref value, out ReadOnlySpan<byte> item))
            {
                if (HttpSyntax.EqualsIgnoreCase(HttpSyntax.BeforeParameters(item), token))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <inheritdoc />
    public IEnumerator<HttpHeader> GetEnumerator()
    {
        for (int i = 0; i < _entries.Length; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal bool Is(int index, ReadOnlySpan<byte> name)
    {
        Entry entry = _entries[index];
        return entry.NameLength == name.Length && HttpSyntax.EqualsIgnoreCase(_text.AsSpan(entry.Start, entry.NameLength), name);
    }

    /// <summary>Where a field stands in the block: its name, then its value.</summary>
    internal readonly record struct Entry(int Start, int NameLength, int ValueLength, HttpHeaderFlags Flags);
}
