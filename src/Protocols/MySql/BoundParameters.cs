using System.Buffers;
using ECapture.Protocols.Sql;

namespace ECapture.Protocols.MySql;

/// <summary>Reads what an execution binds: COM_STMT_EXECUTE, COM_STMT_BULK_EXECUTE, the attributes of a COM_QUERY.</summary>
internal static class BoundParameters
{
    private const int Most = 64 * 1024; // placeholders of one statement, and values of a bulk execution

    /// <summary>The parameters of COM_STMT_EXECUTE.</summary>
    /// <param name="body">What follows the command code.</param>
    /// <param name="statement">What is executed; its types are set.</param>
    /// <param name="hasAttributes">CLIENT_QUERY_ATTRIBUTES was agreed on.</param>
    internal static List<SqlParameter> OfExecution(ReadOnlySpan<byte> body, PreparedStatement statement, bool hasAttributes)
    {
        const byte CountIsGiven = 8;
        ByteCursor cursor = new(body);
        cursor.U32();
        byte flags = cursor.U8();
        cursor.U32();
        bool counts = hasAttributes && (flags & CountIsGiven) != 0;
        ulong count = counts ? cursor.Length() : (ulong)statement.Parameters;
        List<SqlParameter> parameters = [];
        if (count is 0 or > Most)
        {
            return parameters;
        }

        ReadOnlySpan<byte> nulls = cursor.Bytes((count + 7) / 8);
        if (cursor.U8() == 1)
        {
            statement.Types = Types(ref cursor, (int)count, counts);
        }

        if (cursor.IsBroken || statement.Types.Length < (int)count)
        {
            return parameters;
        }

        for (int i = 0; i < (int)count; i++)
        {
            SqlParameter parameter = new(null, false, statement.Types[i]);
            if (statement.LongData.TryGetValue(i, out ArrayBufferWriter<byte>? ahead))
            {
                parameter = parameter with { Value = ahead.WrittenSpan.ToArray(), IsBinary = (byte)parameter.Type is >= 249 and <= 252 };
            }
            else if ((nulls[i / 8] & (1 << (i % 8))) == 0 && !ParameterValues.TryRead(ref cursor, statement.Types[i], out parameter))
            {
                break;
            }

            parameters.Add(parameter);
        }

        return Own(parameters, statement);
    }

    /// <summary>The parameters of MariaDB's COM_STMT_BULK_EXECUTE, row after row.</summary>
    internal static List<SqlParameter> OfBulk(ReadOnlySpan<byte> body, PreparedStatement statement)
    {
        const ushort TypesAreGiven = 128;
        ByteCursor cursor = new(body);
        cursor.U32();
        if ((cursor.U16() & TypesAreGiven) != 0)
        {
            statement.Types = Types(ref cursor, statement.Parameters, isNamed: false);
        }

        List<SqlParameter> parameters = [];
        ushort[] types = statement.Types;
        for (int i = 0; types.Length > 0 && parameters.Count < Most && !cursor.IsAtEnd; i = (i + 1) % types.Length)
        {
            SqlParameter parameter = new(null, false, types[i]);
            if (cursor.U8() == 0 && !ParameterValues.TryRead(ref cursor, types[i], out parameter))
            {
                break;
            }

            parameters.Add(parameter);
        }

        return parameters;
    }

    /// <summary>Passes the attributes before the text of a COM_QUERY.</summary>
    /// <returns>Where the text begins; the whole length when they cannot be read.</returns>
    internal static int SkipAttributes(ReadOnlySpan<byte> body)
    {
        ByteCursor cursor = new(body);
        ulong count = cursor.Length();
        cursor.Length(); // sets of them: 1
        if (count is > 0 and <= Most)
        {
            ReadOnlySpan<byte> nulls = cursor.Bytes((count + 7) / 8);
            cursor.U8();
            ushort[] types = Types(ref cursor, (int)count, isNamed: true);
            for (int i = 0; i < types.Length; i++)
            {
                if ((nulls[i / 8] & (1 << (i % 8))) == 0 && !ParameterValues.TryRead(ref cursor, types[i], out SqlParameter _))
                {
                    return body.Length;
                }
            }
        }

        return cursor.IsBroken || count > Most ? body.Length : body.Length - cursor.Rest.Length;
    }

    // Attributes follow the statement's own parameters.
    private static List<SqlParameter> Own(List<SqlParameter> parameters, PreparedStatement statement)
    {
        if (parameters.Count > statement.Parameters)
        {
            parameters.RemoveRange(statement.Parameters, parameters.Count - statement.Parameters);
        }

        return parameters;
    }

    private static ushort[] Types(ref ByteCursor cursor, int count, bool isNamed)
    {
        if ((long)count * 2 > cursor.Rest.Length)
        {
            cursor.Bytes(ulong.MaxValue); // more than there is
            return [];
        }

        ushort[] types = new ushort[count];
        for (int i = 0; i < count; i++)
        {
            types[i] = cursor.U16();
            if (isNamed)
            {
                cursor.Text();
            }
        }

        return types;
    }
}
