namespace ECapture.Protocols.MySql;

/// <summary>
/// Follows the answer to one command, packet by packet: an OK or ERR packet, or result sets (MySQL internals, "Text Resultset"), with or without EOF
/// packets.
/// </summary>
internal sealed class AnswerReader
{
    private const byte Ok = 0x00;
    private const byte LocalInFile = 0xfb;
    private const byte End = 0xfe;
    private const int ShortestOk = 7;
    private const int LongestEof = 8;

    private Step _step;
    private long _left; // definitions
    private ulong _rows;
    private bool _hasRows;

    private enum Step
    {
        First,
        Definitions, // of a prepared statement, with their EOF packets
        Columns,
        ColumnsEnd,
        Rows,
        InFile,
        Single,
    }

    /// <summary>What was agreed on; set after the login.</summary>
    internal Capabilities Capabilities { get; set; }

    /// <summary>MariaDB: a flag behind the number of columns says whether their definitions follow.</summary>
    internal bool CachesMetadata { get; set; }

    /// <summary>The client is sending a file.</summary>
    internal bool IsInFile => _step == Step.InFile;

    /// <summary>Rows of all results so far; null: none was said.</summary>
    internal ulong? Rows => _hasRows ? _rows : null;

    /// <summary>The default database that an answer named since <see cref="Begin"/>.</summary>
    internal byte[]? NewDatabase { get; private set; }

    /// <summary>The error with which the answer ended.</summary>
    internal ErrorPacket? Error { get; private set; }

    /// <summary>The number and the parameters of what was prepared.</summary>
    internal (uint Id, int Parameters) Prepared { get; private set; }

    private bool EndsWithOk => Capabilities.HasFlag(Capabilities.DeprecateEof);

    internal void Begin(CommandCode code)
    {
        _step = code switch
        {
            CommandCode.Query or CommandCode.Execute or CommandCode.BulkExecute or CommandCode.ProcessInfo or CommandCode.Prepare => Step.First,
            CommandCode.Fetch or CommandCode.FieldList => Step.Rows,
            _ => Step.Single,
        };
        _rows = 0;
        _hasRows = false;
        NewDatabase = null;
        Error = null;
    }

    /// <summary>The client has sent its file.</summary>
    internal void EndInFile() => _step = Step.First;

    /// <returns>False: no rows are due.</returns>
    internal bool TryAddRows(ulong rows)
    {
        if (_step != Step.Rows)
        {
            return false;
        }

        _rows += rows;
        return true;
    }

    /// <returns>True: the answer is complete.</returns>
    internal bool OnPacket(CommandCode code, ReadOnlySpan<byte> payload, long length)
    {
        if (payload.IsEmpty)
        {
            return _step == Step.Single;
        }

        if (payload[0] == ErrorPacket.Marker && _step != Step.InFile)
        {
            ErrorPacket error = ErrorPacket.Parse(payload);
            if (error.IsProgress)
            {
                return false;
            }

            Error = error;
            return true;
        }

        switch (_step)
        {
            case Step.First:
                return code == CommandCode.Prepare ? OnPrepared(payload) : OnFirst(payload, length);
            case Step.Definitions:
                return --_left == 0;
            case Step.Columns:
                if (--_left == 0)
                {
                    _step = EndsWithOk ? Step.Rows : Step.ColumnsEnd;
                }

                return false;
            case Step.ColumnsEnd:
                _step = Step.Rows;
                return (StatusOfEof(payload) & OkPacket.CursorExists) != 0;
            case Step.Rows:
                return OnRow(payload, length);
            case Step.Single:
                if (payload[0] == Ok)
                {
                    TakeDatabase(payload);
                }

                return true;
            default:
                return false;
        }
    }

    private static ushort StatusOfEof(ReadOnlySpan<byte> payload)
    {
        ByteCursor cursor = new(payload);
        cursor.U8();
        cursor.U16(); // warnings
        return cursor.U16();
    }

    private bool OnFirst(ReadOnlySpan<byte> payload, long length)
    {
        bool isFlagged = Capabilities.HasFlag(Capabilities.OptionalMetadata) && payload[0] <= 1 && length is > 1 and < ShortestOk;
        if (payload[0] == Ok && !isFlagged)
        {
            OkPacket ok = TakeDatabase(payload);
            _rows += ok.Rows;
            _hasRows = true;
            return (ok.Status & OkPacket.MoreResults) == 0;
        }

        if (payload[0] == LocalInFile)
        {
            _step = Step.InFile;
            return false;
        }

        if (payload[0] == End && length <= LongestEof)
        {
            return true;
        }

        bool hasDefinitions = !isFlagged || payload[0] == 1;
        ByteCursor cursor = new(isFlagged ? payload[1..] : payload);
        _left = (long)Math.Min(cursor.Length(), int.MaxValue);
        if (CachesMetadata && !cursor.IsAtEnd)
        {
            hasDefinitions = cursor.U8() != 0;
        }

        _hasRows = true;
        _step = hasDefinitions && _left > 0 ? Step.Columns : EndsWithOk ? Step.Rows : Step.ColumnsEnd;
        return false;
    }

    private bool OnRow(ReadOnlySpan<byte> payload, long length)
    {
        const int LongestOk = 0xffffff - 1;
        if (payload[0] != End || length > (EndsWithOk ? LongestOk : LongestEof))
        {
            _rows++;
            return false;
        }

        ushort status = EndsWithOk ? TakeDatabase(payload).Status : StatusOfEof(payload);
        _step = Step.First;
        return (status & OkPacket.MoreResults) == 0;
    }

    private bool OnPrepared(ReadOnlySpan<byte> payload)
    {
        ByteCursor cursor = new(payload);
        cursor.U8();
        uint id = cursor.U32();
        int columns = cursor.U16();
        int parameters = cursor.U16();
        cursor.Bytes(1 + 2); // reserved, warnings
        Prepared = (id, parameters);
        bool hasDefinitions = !Capabilities.HasFlag(Capabilities.OptionalMetadata) || cursor.IsAtEnd || cursor.U8() != 0;
        int endings = EndsWithOk ? 0 : 1;
        _left = !hasDefinitions ? 0 : (columns > 0 ? columns + endings : 0) + (parameters > 0 ? parameters + endings : 0);
        _step = Step.Definitions;
        return _left == 0;
    }

    private OkPacket TakeDatabase(ReadOnlySpan<byte> payload)
    {
        OkPacket ok = OkPacket.Parse(payload, Capabilities.HasFlag(Capabilities.SessionTracking));
        NewDatabase = ok.Database ?? NewDatabase;
        return ok;
    }
}
