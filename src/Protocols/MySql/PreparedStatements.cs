using System.Buffers;

namespace ECapture.Protocols.MySql;

/// <summary>The prepared statements of a session, bounded.</summary>
internal sealed class PreparedStatements(MySqlLimits limits)
{
    private const uint LastPrepared = uint.MaxValue; // MariaDB: an execution sent before the answer to its preparation

    private const int EntryBytes = 128; // what a value costs beside its bytes

    private readonly Dictionary<uint, PreparedStatement> _statements = [];
    private long _textBytes;
    private long _longBytes;
    private uint _last;

    internal PreparedStatement? Find(uint id) => _statements.GetValueOrDefault(id == LastPrepared ? _last : id);

    internal void Add(uint id, Command prepare, int parameters)
    {
        Remove(id);
        if (_statements.Count >= limits.Statements)
        {
            return;
        }

        byte[] text = _textBytes + prepare.Body.Length <= limits.Memory ? prepare.Body : [];
        _textBytes += text.Length;
        _statements[id] = new PreparedStatement(id, text, prepare.Length, parameters);
        _last = id;
    }

    internal void Remove(uint id)
    {
        if (_statements.Remove(id == LastPrepared ? _last : id, out PreparedStatement? statement))
        {
            _textBytes -= statement.Text.Length;
            DropLongData(statement);
        }
    }

    internal void Clear()
    {
        _statements.Clear();
        _textBytes = 0;
        _longBytes = 0;
    }

    /// <summary>Appends to a value that is sent ahead; what is above the limit is dropped.</summary>
    internal void AddLongData(ReadOnlySpan<byte> body)
    {
        ByteCursor cursor = new(body);
        PreparedStatement? statement = Find(cursor.U32());
        int parameter = cursor.U16();
        if (cursor.IsBroken || statement is null || parameter >= statement.Parameters)
        {
            return;
        }

        ReadOnlySpan<byte> data = cursor.Rest;
        bool isNew = !statement.LongData.TryGetValue(parameter, out ArrayBufferWriter<byte>? value);
        long room = limits.Payload - _longBytes - (isNew ? EntryBytes : 0);
        if (room < 0)
        {
            return;
        }

        if (value is null)
        {
            value = statement.LongData[parameter] = new ArrayBufferWriter<byte>();
            _longBytes += EntryBytes;
        }

        data = data[..(int)Math.Min(data.Length, room)];
        value.Write(data);
        _longBytes += data.Length;
    }

    internal void DropLongData(PreparedStatement statement)
    {
        foreach (ArrayBufferWriter<byte> value in statement.LongData.Values)
        {
            _longBytes -= value.WrittenCount + EntryBytes;
        }

        statement.LongData.Clear();
    }
}
