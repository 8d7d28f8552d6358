using System.Text;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Strings of short texts that repeat from row to row, made once each; bounded.</summary>
internal sealed class TextCache
{
    private const int Limit = 4096;

    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _known =
        new Dictionary<string, string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    public string Get(ReadOnlySpan<byte> utf8)
    {
        Span<char> characters = stackalloc char[256];
        if (utf8.Length > characters.Length)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        ReadOnlySpan<char> text = characters[..Encoding.UTF8.GetChars(utf8, characters)];
        if (_known.TryGetValue(text, out string? known))
        {
            return known;
        }

        string made = text.ToString();
        if (_known.Dictionary.Count < Limit)
        {
            _known.Dictionary.Add(made, made);
        }

        return made;
    }
}
