using System.Text.Json;

namespace ECapture.Policies.Reading;

/// <summary>A value of a JSON file with the line it stands on.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Line">Line of its first character, from 1.</param>
/// <param name="Text">A text's value, a number's digits; else as JSON writes the kind.</param>
/// <param name="Members">An object's members in order, repeated names included.</param>
/// <param name="Items">An array's items.</param>
internal sealed record JsonTree(
    JsonValueKind Kind, int Line, string Text, IReadOnlyList<JsonMember> Members, IReadOnlyList<JsonTree> Items)
{
    private const int MaxDepth = 16;

    /// <summary>What a message shows of the value.</summary>
    internal string Shown => Kind switch
    {
        JsonValueKind.String => $"\"{(Text.Length > 80 ? Text[..80] + "…" : Text)}\"",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => Text,
    };

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="JsonException">It is no JSON; <see cref="JsonException.LineNumber"/> says where, from 0.</exception>
    internal static JsonTree Read(ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        json = json.StartsWith(mark) ? json[mark.Length..] : json;
        Utf8JsonReader reader = new(
            json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = MaxDepth });
        LineCounter lines = new(json);
        reader.Read();
        JsonTree root = Value(ref reader, ref lines);
        while (reader.Read())
        {
            // What stands behind the value is an error that the reader throws.
        }

        return root;
    }

    private static JsonTree Value(ref Utf8JsonReader reader, ref LineCounter lines)
    {
        int line = lines.At(reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                List<JsonMember> members = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    int nameLine = lines.At(reader.TokenStartIndex);
                    string name = TextOf(ref reader, nameLine);
                    reader.Read();
                    members.Add(new JsonMember(name, nameLine, Value(ref reader, ref lines)));
                }

                return new JsonTree(JsonValueKind.Object, line, "{…}", members, []);
            case JsonTokenType.StartArray:
                List<JsonTree> items = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(Value(ref reader, ref lines));
                }

                return new JsonTree(JsonValueKind.Array, line, "[…]", [], items);
            case JsonTokenType.String:
                return new JsonTree(JsonValueKind.String, line, TextOf(ref reader, line), [], []);
            case JsonTokenType.Number:
                return new JsonTree(JsonValueKind.Number, line, System.Text.Encoding.ASCII.GetString(reader.ValueSpan), [], []);
            case JsonTokenType.True:
                return new JsonTree(JsonValueKind.True, line, "true", [], []);
            case JsonTokenType.False:
                return new JsonTree(JsonValueKind.False, line, "false", [], []);
            default:
                return new JsonTree(JsonValueKind.Null, line, "null", [], []);
        }
    }

    private static string TextOf(ref Utf8JsonReader reader, int line)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e) // no UTF-8, or half a surrogate pair
        {
            throw new JsonException("a text is not valid Unicode", null, line - 1, null, e);
        }
    }

    // Positions only rise, so each byte is looked at once.
    private ref struct LineCounter(ReadOnlySpan<byte> json)
    {
        private readonly ReadOnlySpan<byte> _json = json;
        private int _at = 0;
        private int _line = 1;

        internal int At(long index)
        {
            _line += _json[_at..(int)index].Count((byte)'\n');
            _at = (int)index;
            return _line;
        }
    }
}

/// <summary>A member of an object.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Line">Line of the name.</param>
/// <param name="Value">Its value.</param>
internal sealed record JsonMember(string Name, int Line, JsonTree Value);
