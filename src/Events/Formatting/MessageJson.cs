using System.Collections;
using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ECapture.Events.Formatting;

/// <summary>
/// A payload as JSON under the names of its schema (schemas/proto): a field that the schema gains appears by itself. Numbers that may pass
/// 2^53 are strings: ids in hexadecimal, clocks in decimal. Unset text, bytes and numbers of kind zero are written, absent optional ones are not.
/// </summary>
public static class MessageJson
{
    /// <summary>Writes a message as an object.</summary>
    public static void Write(Utf8JsonWriter json, IMessage message)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(message);
        json.WriteStartObject();
        foreach (FieldDescriptor field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (field.HasPresence && !field.Accessor.HasValue(message))
            {
                continue;
            }

            object value = field.Accessor.GetValue(message);
            if (!field.IsRepeated)
            {
                Value(json, field, field.Name, value);
                continue;
            }

            json.WriteStartArray(field.Name);
            foreach (object? item in (IEnumerable)value)
            {
                Item(json, field, item!);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void Item(Utf8JsonWriter json, FieldDescriptor field, object item)
    {
        switch (item)
        {
            case IMessage message:
                Write(json, message);
                break;
            case ByteString bytes when JsonBytes.IsText(bytes.Span):
                json.WriteStringValue(bytes.Span);
                break;
            case ByteString bytes:
                json.WriteStartObject();
                JsonBytes.Write(json, "value", bytes.Span);
                json.WriteEndObject();
                break;
            default:
                json.WriteStringValue(Convert.ToString(item, CultureInfo.InvariantCulture));
                break;
        }
    }

    private static void Value(Utf8JsonWriter json, FieldDescriptor field, string name, object value)
    {
        switch (value)
        {
            case IMessage message:
                json.WritePropertyName(name);
                Write(json, message);
                break;
            case ByteString digest when name is "client_random" or "secret" or "sha256":
                json.WriteString(name, Convert.ToHexStringLower(digest.Span));
                break;
            case ByteString bytes:
                JsonBytes.Write(json, name, bytes.Span);
                break;
            case bool flag:
                json.WriteBoolean(name, flag);
                break;
            case uint number:
                json.WriteNumber(name, number);
                break;
            case int number:
                json.WriteNumber(name, number);
                break;
            case ulong id when field.FieldType == FieldType.Fixed64 && !name.EndsWith("_ns", StringComparison.Ordinal):
                json.WriteString(name, EventView.Id(id));
                break;
            case ulong clock when field.FieldType == FieldType.Fixed64:
                json.WriteString(name, clock.ToString(CultureInfo.InvariantCulture));
                break;
            case ulong number:
                json.WriteNumber(name, number);
                break;
            case string text:
                json.WriteString(name, text);
                break;
            case Enum:
                json.WriteString(name, EnumName(field, value));
                break;
            default:
                json.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    /// <summary><c>DIRECTION_SENT</c> as <c>sent</c>; a value of a newer schema as its number.</summary>
    private static string EnumName(FieldDescriptor field, object value)
    {
        int number = Convert.ToInt32(value, CultureInfo.InvariantCulture);
        EnumValueDescriptor? known = field.EnumType.FindValueByNumber(number);
        if (known is null)
        {
            return number.ToString(CultureInfo.InvariantCulture);
        }

        int prefix = field.EnumType.FindValueByNumber(0)?.Name.LastIndexOf('_') ?? -1;
        return known.Name[(prefix + 1)..].ToLowerInvariant();
    }
}
