using ECapture.Protocols.Sql;

namespace ECapture.Protocols.MySql;

/// <summary>Matches commands with their answers, in order, and publishes the statements among them.</summary>
internal sealed class CommandQueue(MySqlLimits limits, Action<MySqlStatement> publish)
{
    private readonly Queue<Command> _waiting = new();
    private readonly PreparedStatements _statements = new(limits);
    private Command? _head;
    private long _bytes;

    internal AnswerReader Answer { get; } = new();

    internal ReadOnlyMemory<byte> User { get; set; }

    internal ReadOnlyMemory<byte> Database { get; set; }

    /// <summary>A COM_CHANGE_USER waits for its answer.</summary>
    internal bool IsChangingUser => _head?.Code == CommandCode.ChangeUser;

    /// <returns>False: too many wait.</returns>
    internal bool Add(Command command)
    {
        if (_waiting.Count >= limits.Pending)
        {
            return false;
        }

        if (_bytes + command.Body.Length > limits.Memory)
        {
            command.Body = [];
        }

        _bytes += command.Body.Length;
        _waiting.Enqueue(command);
        Next();
        return true;
    }

    /// <returns>False: no rows are due.</returns>
    internal bool TryAddRows(ulong rows) => _head is not null && Answer.TryAddRows(rows);

    internal void OnPacket(ReadOnlySpan<byte> payload, long length, ulong bootNs)
    {
        if (_head is { } command && Answer.OnPacket(command.Code, payload, length))
        {
            _head = null;
            Complete(command, bootNs);
            Next();
        }
    }

    /// <summary>The answer to COM_CHANGE_USER.</summary>
    internal void OnUserChanged(bool isOk)
    {
        if (_head is { } command)
        {
            _head = null;
            if (isOk)
            {
                ByteCursor cursor = new(command.Body);
                User = cursor.Terminated().ToArray();
                cursor.Bytes(cursor.U8());
                Database = cursor.IsBroken ? [] : cursor.Terminated().ToArray();
                _statements.Clear();
            }

            Next();
        }
    }

    /// <summary>Publishes what has no answer.</summary>
    internal void Abandon(ulong bootNs)
    {
        Answer.EndInFile();
        do
        {
            if (_head is { } command)
            {
                _head = null;
                Publish(command, SqlOutcome.Incomplete, bootNs);
            }

            Next();
        }
        while (_head is not null);
    }

    private void Next()
    {
        while (_head is null && _waiting.TryDequeue(out Command? command))
        {
            _bytes -= command.Body.Length;
            if (command.Code == CommandCode.Close)
            {
                _statements.Remove(new ByteCursor(command.Body).U32());
            }
            else if (command.Code == CommandCode.SendLongData)
            {
                _statements.AddLongData(command.Body);
            }

            if (!command.HasNoAnswer)
            {
                Begin(command);
            }
        }
    }

    private void Begin(Command command)
    {
        _head = command;
        command.Database = Database;
        Answer.Begin(command.Code);
        if (command.Code is CommandCode.Execute or CommandCode.BulkExecute or CommandCode.ResetStatement
            && _statements.Find(new ByteCursor(command.Body).U32()) is { } statement)
        {
            command.Statement = statement;
            command.Parameters = command.Code switch
            {
                CommandCode.Execute => BoundParameters.OfExecution(command.Body, statement, Answer.Capabilities.HasFlag(Capabilities.QueryAttributes)),
                CommandCode.BulkExecute => BoundParameters.OfBulk(command.Body, statement),
                _ => [],
            };
            _statements.DropLongData(statement);
        }
    }

    private void Complete(Command command, ulong bootNs)
    {
        bool failed = Answer.Error is not null;
        Publish(command, failed ? SqlOutcome.Failed : SqlOutcome.Completed, bootNs);
        if (!failed)
        {
            switch (command.Code)
            {
                case CommandCode.Prepare:
                    _statements.Add(Answer.Prepared.Id, command, Answer.Prepared.Parameters);
                    break;
                case CommandCode.InitDatabase:
                    Database = command.Body;
                    break;
                case CommandCode.ResetConnection:
                    _statements.Clear();
                    break;
                case CommandCode.Query when !Answer.Capabilities.HasFlag(Capabilities.SessionTracking):
                    Database = UseStatement.NameIn(command.Body) ?? Database;
                    break;
            }
        }

        Database = Answer.NewDatabase ?? Database;
    }

    private void Publish(Command command, SqlOutcome outcome, ulong bootNs)
    {
        bool isExecution = command.Code is CommandCode.Execute or CommandCode.BulkExecute;
        if (!isExecution && command.Code != CommandCode.Query && !(command.Code == CommandCode.Prepare && outcome != SqlOutcome.Completed))
        {
            return;
        }

        byte[] text = isExecution ? command.Statement?.Text ?? [] : command.Body;
        long textLength = isExecution ? command.Statement?.Length ?? 0 : command.Length;
        bool isCut = command.IsCut || textLength > text.Length;
        ErrorPacket? error = outcome == SqlOutcome.Failed ? Answer.Error : null;
        publish(new MySqlStatement
        {
            Kind = command.Code == CommandCode.Query ? MySqlStatementKind.Query : MySqlStatementKind.Prepared,
            Text = text,
            Id = command.Statement?.Id ?? 0,
            Parameters = command.Parameters,
            OriginalLength = !isCut ? 0 : isExecution ? textLength + command.Length : textLength,
            Rows = outcome == SqlOutcome.Completed ? Answer.Rows : null,
            Outcome = outcome,
            ErrorNumber = error?.Number ?? 0,
            SqlState = error?.SqlState ?? "",
            ErrorMessage = error?.Message ?? [],
            ArrivedNs = command.ArrivedNs,
            DurationNs = bootNs > command.ArrivedNs ? bootNs - command.ArrivedNs : 0,
            Database = command.Database,
        });
    }
}
