using ECapture.Events.V1;
using ECapture.Policies.Redaction;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace ECapture.Capture.Publishing;

/// <summary>
/// Redacts payloads that are objects: every field that carries text of users. What a rule matched in one field is overwritten where it stands again in the
/// event's texts: a server quotes parts of a statement in its error message, and there no rule would know them.
/// </summary>
internal sealed class PayloadRedaction
{
    // Shorter ones would be found by chance; more than so many are not looked for again.
    private const int LeastRepeated = 4;
    private const int MostRepeated = 64;

    private readonly List<byte[]> _found = [];
    private byte[] _joined = new byte[4096];

    /// <summary>Overwrites what the rules match.</summary>
    /// <returns>What was overwritten.</returns>
    internal RedactionTally Apply(Event payload, Redactor redactor)
    {
        RedactionTally tally = default;
        _found.Clear();
        switch (payload.PayloadCase)
        {
            case Event.PayloadOneofCase.ShellCommand:
                Apply(payload.ShellCommand, redactor, ref tally);
                break;
            case Event.PayloadOneofCase.ProcessExec:
                Apply(payload.ProcessExec, redactor, ref tally);
                break;
            case Event.PayloadOneofCase.SqlStatement:
                Apply(payload.SqlStatement, redactor, ref tally);
                break;
            default:
                break; // no text of users
        }

        return tally;
    }

    private void Apply(ShellCommand command, Redactor redactor, ref RedactionTally tally)
    {
        // The text of an exec is its arguments with a blank between them: what is found there stands at the same places.
        bool isJoined = command.Arguments.Count > 0 && command.Arguments.Sum(a => a.Length + 1) == command.Text.Length + 1;
        if (command.Arguments.Count > 0)
        {
            Apply(command.Arguments, redactor, ref tally);
            command.Text = isJoined ? Overwritten(command.Text, redactor, 0) : Field(command.Text, redactor, ref tally);
        }
        else
        {
            command.Text = Field(command.Text, redactor, ref tally);
        }

        command.Directory = Field(command.Directory, redactor, ref tally);
        command.Executable = Field(command.Executable, redactor, ref tally);
        if (_found.Count > 0)
        {
            command.Text = WithoutFound(command.Text);
            WithoutFound(command.Arguments);
        }
    }

    private void Apply(ProcessExec exec, Redactor redactor, ref RedactionTally tally)
    {
        Apply(exec.Arguments, redactor, ref tally);
        exec.Executable = Field(exec.Executable, redactor, ref tally);
        exec.Directory = Field(exec.Directory, redactor, ref tally);
        if (_found.Count > 0)
        {
            WithoutFound(exec.Arguments);
        }
    }

    private void Apply(SqlStatement statement, Redactor redactor, ref RedactionTally tally)
    {
        statement.Statement = Field(statement.Statement, redactor, ref tally);
        statement.ErrorMessage = Field(statement.ErrorMessage, redactor, ref tally);
        statement.User = Field(statement.User, redactor, ref tally);
        statement.Database = Field(statement.Database, redactor, ref tally);
        statement.Application = Field(statement.Application, redactor, ref tally);
        statement.Name = Field(statement.Name, redactor, ref tally);
        statement.CommandTag = Field(statement.CommandTag, redactor, ref tally);
        foreach (SqlStatement.Types.Parameter parameter in statement.Parameters)
        {
            parameter.Value = Field(parameter.Value, redactor, ref tally);
        }

        if (_found.Count > 0)
        {
            statement.Statement = WithoutFound(statement.Statement);
            statement.ErrorMessage = WithoutFound(statement.ErrorMessage);
            foreach (SqlStatement.Types.Parameter parameter in statement.Parameters)
            {
                parameter.Value = WithoutFound(parameter.Value);
            }
        }
    }

    private void Apply(RepeatedField<ByteString> arguments, Redactor redactor, ref RedactionTally tally)
    {
        int length = 0;
        foreach (ByteString argument in arguments)
        {
            if (_joined.Length < length + argument.Length + 1)
            {
                Array.Resize(ref _joined, Math.Max(_joined.Length * 2, length + argument.Length + 1));
            }

            argument.Span.CopyTo(_joined.AsSpan(length));
            length += argument.Length;
            _joined[length++] = 0;
        }

        length = Math.Max(0, length - 1); // no NUL behind the last
        redactor.Find(_joined.AsSpan(0, length), TextShape.Arguments);
        Remember(_joined.AsSpan(0, length), redactor, ref tally);
        int at = 0;
        for (int i = 0; i < arguments.Count && !redactor.Matches.IsEmpty; i++)
        {
            ByteString before = arguments[i];
            arguments[i] = Overwritten(before, redactor, at);
            at += before.Length + 1;
        }
    }

    private ByteString Field(ByteString field, Redactor redactor, ref RedactionTally tally)
    {
        if (field.IsEmpty)
        {
            return field;
        }

        redactor.Find(field.Span, TextShape.Lines);
        Remember(field.Span, redactor, ref tally);
        return Overwritten(field, redactor, 0);
    }

    private static ByteString Overwritten(ByteString field, Redactor redactor, int at)
    {
        RedactionTally here = default;
        redactor.Count(at, field.Length, ref here);
        if (here.Count == 0)
        {
            return field;
        }

        byte[] copy = field.ToByteArray();
        redactor.Overwrite(copy, at);
        return UnsafeByteOperations.UnsafeWrap(copy);
    }

    private void Remember(ReadOnlySpan<byte> text, Redactor redactor, ref RedactionTally tally)
    {
        foreach (RedactedRange match in redactor.Matches)
        {
            tally.Add(match.Rules);
            if (match.End - match.Start >= LeastRepeated && _found.Count < MostRepeated)
            {
                _found.Add(text[match.Start..match.End].ToArray());
            }
        }
    }

    private void WithoutFound(RepeatedField<ByteString> fields)
    {
        for (int i = 0; i < fields.Count; i++)
        {
            fields[i] = WithoutFound(fields[i]);
        }
    }

    private ByteString WithoutFound(ByteString field)
    {
        byte[]? copy = null;
        foreach (byte[] found in _found)
        {
            int at = 0;
            while (field.Span[at..].IndexOf(found) is >= 0 and int next)
            {
                copy ??= field.ToByteArray();
                copy.AsSpan(at + next, found.Length).Fill(Redactor.Mark);
                at += next + found.Length;
            }
        }

        return copy is null ? field : UnsafeByteOperations.UnsafeWrap(copy);
    }
}
