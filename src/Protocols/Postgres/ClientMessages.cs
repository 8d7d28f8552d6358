using System.Text;
using ECapture.Protocols.Sql;

namespace ECapture.Protocols.Postgres;

/// <summary>Turns the messages of a client into requests. Authentication messages are never kept.</summary>
internal sealed class ClientMessages(PostgresLimits limits, RequestQueue queue)
{
    /// <summary>Says how many bytes of a body are needed.</summary>
    internal int BytesToKeep(byte type, int length) => type switch
    {
        (byte)'p' or (byte)'d' or (byte)'c' or (byte)'f' => 0, // secrets, table data
        (byte)'Q' or (byte)'P' or (byte)'B' or (byte)'F' => queue.HasMemory ? limits.Payload : Math.Min(length, 512),
        _ => length,
    };

    /// <summary>Makes a request of a message; null for messages that have no answer.</summary>
    internal static Request? Parse(byte type, ReadOnlySpan<byte> body, int length, ulong bootNs)
    {
        MessageBody fields = new(body);
        switch (type)
        {
            case (byte)'Q':
                return Query(ref fields, length, bootNs);
            case (byte)'P':
                return Prepare(ref fields, length, bootNs);
            case (byte)'B':
                return Bind(ref fields, length, bootNs);
            case (byte)'F':
                return Function(ref fields, length, bootNs);
            case (byte)'E':
                return new Request(RequestKind.Execute, bootNs) { Name = Name(ref fields) };
            case (byte)'D':
            case (byte)'C':
                _ = fields.TryReadByte(out byte what);
                RequestKind kind = (type, what) switch
                {
                    ((byte)'D', (byte)'S') => RequestKind.DescribeStatement,
                    ((byte)'D', _) => RequestKind.DescribePortal,
                    (_, (byte)'S') => RequestKind.CloseStatement,
                    _ => RequestKind.ClosePortal,
                };
                return new Request(kind, bootNs) { Name = Name(ref fields) };
            case (byte)'S':
                return new Request(RequestKind.Sync, bootNs);
            case (byte)'c':
            case (byte)'f':
                return new Request(RequestKind.CopyEnd, bootNs);
            default:
                return null;
        }
    }

    private static Request Query(ref MessageBody fields, int length, ulong bootNs)
    {
        byte[] text = fields.ReadString(out bool isWhole).ToArray();
        return new Request(RequestKind.Query, bootNs)
        {
            Text = text,
            OriginalLength = isWhole ? text.Length : Math.Max(text.Length, length - 1),
            IsCut = !isWhole && length - 1 > text.Length,
            Size = text.Length,
        };
    }

    private static Request Prepare(ref MessageBody fields, int length, ulong bootNs)
    {
        string name = Name(ref fields);
        int rest = fields.Rest.Length;
        byte[] text = fields.ReadString(out bool isWhole).ToArray();
        uint[] types = [];
        if (fields.TryReadInt16(out short count) && count > 0)
        {
            types = new uint[Math.Min(count, fields.Rest.Length / 4)];
            for (int i = 0; i < types.Length && fields.TryReadInt32(out int type); i++)
            {
                types[i] = (uint)type;
            }
        }

        return new Request(RequestKind.Parse, bootNs)
        {
            Name = name,
            Text = text,
            Types = types,
            OriginalLength = isWhole || rest == 0 ? text.Length : Math.Max(text.Length, length - name.Length - 1 - 3),
            IsCut = !isWhole,
            Size = text.Length + name.Length + (types.Length * 4),
        };
    }

    private static Request Bind(ref MessageBody fields, int length, ulong bootNs)
    {
        string portal = Name(ref fields);
        string statement = Name(ref fields);
        SqlParameter[] parameters = Parameters(ref fields, out long original, out bool isCut, out int size);
        return new Request(RequestKind.Bind, bootNs)
        {
            Name = statement,
            Portal = portal,
            Parameters = parameters,
            OriginalLength = isCut ? Math.Max(original, length - portal.Length - statement.Length - 2) : original,
            IsCut = isCut,
            Size = size + portal.Length + statement.Length,
        };
    }

    private static Request Function(ref MessageBody fields, int length, ulong bootNs)
    {
        _ = fields.TryReadInt32(out int function);
        SqlParameter[] parameters = Parameters(ref fields, out long original, out bool isCut, out int size);
        byte[] text = Encoding.ASCII.GetBytes($"fastpath function call: OID {(uint)function}");
        return new Request(RequestKind.Function, bootNs)
        {
            Text = text,
            Parameters = parameters,
            OriginalLength = text.Length + (isCut ? Math.Max(original, length - 4) : original),
            IsCut = isCut,
            Size = size + text.Length,
        };
    }

    // Int16 count of formats (0: all text, 1: one for all), Int16 each; Int16 count of values, Int32 length (-1: NULL) and bytes each.
    private static SqlParameter[] Parameters(ref MessageBody fields, out long original, out bool isCut, out int size)
    {
        original = 0;
        size = 0;
        isCut = true;
        if (!fields.TryReadInt16(out short formatCount))
        {
            return [];
        }

        MessageBody formats = new(fields.ReadBytes((ushort)formatCount * 2));
        bool[] binary = new bool[formats.Rest.Length / 2];
        for (int i = 0; i < binary.Length && formats.TryReadInt16(out short format); i++)
        {
            binary[i] = format != 0;
        }

        if (!fields.TryReadInt16(out short valueCount))
        {
            return [];
        }

        int count = (ushort)valueCount;
        List<SqlParameter> values = new(Math.Min(count, fields.Rest.Length / 4));
        for (int i = 0; i < count; i++)
        {
            if (!fields.TryReadInt32(out int length))
            {
                return [.. values];
            }

            bool isBinary = binary.Length == 1 ? binary[0] : i < binary.Length && binary[i];
            byte[]? value = length < 0 ? null : fields.ReadBytes(length).ToArray();
            values.Add(new SqlParameter(value, isBinary, 0));
            original += Math.Max(length, 0);
            size += 32 + (value?.Length ?? 0);
            if (value is not null && value.Length < length)
            {
                return [.. values];
            }
        }

        isCut = false;
        return [.. values];
    }

    // Names are bytes; Latin-1 keeps each of them.
    private static string Name(ref MessageBody fields) => Encoding.Latin1.GetString(fields.ReadString(out _));
}
