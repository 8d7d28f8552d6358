using System.Text;
using ECapture.Protocols.Sql;

namespace ECapture.Protocols.Postgres;

/// <summary>
/// Gives the answers of a server to the requests they belong to. Answers come in the order of the requests ("Pipelining"), so a
/// request that was passed over is one whose answer was lost.
/// </summary>
internal sealed class AnswerMatcher(RequestQueue queue, StatementMaker maker)
{
    /// <summary>The session's application name, as the server reported it last.</summary>
    internal byte[] Application { get; set; } = [];

    /// <summary>Handles a message of the server.</summary>
    internal void OnMessage(byte type, ReadOnlySpan<byte> body, ulong bootNs)
    {
        switch (type)
        {
            case (byte)'1':
                Complete(bootNs, RequestKind.Parse);
                break;
            case (byte)'2':
                Complete(bootNs, RequestKind.Bind);
                break;
            case (byte)'3':
                Complete(bootNs, RequestKind.CloseStatement, RequestKind.ClosePortal);
                break;
            case (byte)'t':
                OnParameterTypes(body, bootNs);
                break;
            case (byte)'T' or (byte)'n':
                if (queue.First?.Value.Kind is not (RequestKind.Query or RequestKind.Execute))
                {
                    Complete(bootNs, RequestKind.DescribeStatement, RequestKind.DescribePortal);
                }

                break;
            case (byte)'D':
                OnRows(1, bootNs);
                break;
            case (byte)'G' or (byte)'W':
                if (FindRunning(bootNs) is { } copy)
                {
                    copy.Value.IsCopyIn = true;
                }

                break;
            case (byte)'C' or (byte)'I' or (byte)'s':
                OnCompletion(type, body, bootNs);
                break;
            case (byte)'E':
                OnError(body, bootNs);
                break;
            case (byte)'Z':
                OnReady(bootNs);
                break;
            case (byte)'S':
                OnParameterStatus(body);
                break;
            default:
                break; // notices, notifications, table data, authentication: nothing to match
        }
    }

    /// <summary>Rows of the request that runs.</summary>
    internal void OnRows(ulong rows, ulong bootNs)
    {
        if (FindRunning(bootNs) is { } running)
        {
            running.Value.DataRows += rows;
        }
    }

    /// <summary>Answers were lost: of the requests before the last group nobody knows how they ended.</summary>
    internal void OnLost(ulong bootNs)
    {
        LinkedListNode<Request>? last = null;
        for (LinkedListNode<Request>? node = queue.First; node is not null; node = node.Next)
        {
            if (node.Value.EndsWithReady && node.Next is not null)
            {
                last = node;
            }
        }

        while (last is not null && queue.First is { } first)
        {
            Drop(first, bootNs);
            if (first == last)
            {
                break;
            }
        }
    }

    /// <summary>The session ends: what waits is published as it stands.</summary>
    internal void End(ulong bootNs)
    {
        maker.Release();
        while (queue.First is { } first)
        {
            Drop(first, bootNs);
        }
    }

    // The first request of one of these kinds, without passing one that ends with ReadyForQuery; those before it are dropped.
    private LinkedListNode<Request>? Find(ulong bootNs, RequestKind kind, RequestKind other)
    {
        LinkedListNode<Request>? found = queue.First;
        while (found is not null && found.Value.Kind != kind && found.Value.Kind != other)
        {
            if (found.Value.EndsWithReady)
            {
                return null;
            }

            found = found.Next;
        }

        while (found is not null && queue.First != found)
        {
            Drop(queue.First!, bootNs);
        }

        return found;
    }

    private LinkedListNode<Request>? FindRunning(ulong bootNs) =>
        queue.First is { Value.Kind: RequestKind.Query or RequestKind.Execute } first ? first : Find(bootNs, RequestKind.Execute, RequestKind.Query);

    private void Complete(ulong bootNs, RequestKind kind, RequestKind? other = null)
    {
        if (Find(bootNs, kind, other ?? kind) is { } found)
        {
            queue.Remove(found);
            maker.Apply(found.Value);
        }
    }

    private void OnParameterTypes(ReadOnlySpan<byte> body, ulong bootNs)
    {
        if (Find(bootNs, RequestKind.DescribeStatement, RequestKind.DescribeStatement) is not { } found)
        {
            return;
        }

        MessageBody fields = new(body);
        _ = fields.TryReadInt16(out short count);
        uint[] types = new uint[Math.Min((ushort)count, fields.Rest.Length / 4)];
        for (int i = 0; i < types.Length && fields.TryReadInt32(out int type); i++)
        {
            types[i] = (uint)type;
        }

        maker.Describe(found.Value.Name, types);
    }

    private void OnCompletion(byte type, ReadOnlySpan<byte> body, ulong bootNs)
    {
        if (FindRunning(bootNs) is not { } found)
        {
            return;
        }

        Request request = found.Value;
        if (type == (byte)'C')
        {
            MessageBody fields = new(body);
            request.Tag = fields.ReadString(out _).ToArray();
            if (CommandTag.TryReadRows(request.Tag, out ulong rows))
            {
                request.Rows = (request.Rows ?? 0) + rows;
            }
        }
        else if (type == (byte)'s')
        {
            request.Rows = request.DataRows;
        }

        request.DataRows = 0;
        if (request.Kind == RequestKind.Execute)
        {
            if (request.IsCopyIn)
            {
                queue.DropSyncsBeforeCopyEnd(found);
            }

            queue.Remove(found);
            maker.Hold(request, SqlOutcome.Completed, bootNs, Application);
            if (queue.First?.Value.Kind != RequestKind.Sync)
            {
                maker.Release(); // no Sync to fail in: this is its end
            }
        }
    }

    private void OnError(ReadOnlySpan<byte> body, ulong bootNs)
    {
        (string code, byte[] message) = ReadError(body);
        while (queue.First is { Value.Kind: RequestKind.CopyEnd } stray)
        {
            queue.Remove(stray);
        }

        if (queue.First is not { } first)
        {
            maker.Release();
            return; // the session's own end: an administrator's shutdown, a timeout
        }

        Request request = first.Value;
        switch (request.Kind)
        {
            case RequestKind.Startup:
                return; // a refused login is no statement
            case RequestKind.Sync:
                maker.FailHeld(code, message, bootNs); // the commit that Sync asked for
                return;
            default:
                break;
        }

        request.HasFailed = true;
        request.ErrorCode = code;
        request.ErrorMessage = message;
        if (!request.EndsWithReady)
        {
            if (request.IsCopyIn)
            {
                queue.DropSyncsBeforeCopyEnd(first);
            }

            queue.Remove(first);
            maker.Release();
            maker.Publish(request, SqlOutcome.Failed, bootNs, Application);
            queue.SkipToSync();
        }
    }

    private void OnReady(ulong bootNs)
    {
        queue.StopSkipping();
        while (queue.First is { } first)
        {
            if (first.Value.EndsWithReady)
            {
                queue.Remove(first);
                maker.Release();
                if (first.Value.Kind is RequestKind.Query or RequestKind.Function)
                {
                    SqlOutcome outcome = first.Value.HasFailed ? SqlOutcome.Failed : SqlOutcome.Completed;
                    maker.Publish(first.Value, outcome, bootNs, Application);
                }

                return;
            }

            Drop(first, bootNs);
        }

        maker.Release();
    }

    // Its answer will not come.
    private void Drop(LinkedListNode<Request> node, ulong bootNs)
    {
        queue.Remove(node);
        Request request = node.Value;
        if (request.Kind is RequestKind.Query or RequestKind.Function or RequestKind.Execute)
        {
            maker.Release();
            maker.Publish(request, request.HasFailed ? SqlOutcome.Failed : SqlOutcome.Incomplete, bootNs, Application);
        }
        else
        {
            maker.Apply(request);
        }
    }

    private void OnParameterStatus(ReadOnlySpan<byte> body)
    {
        MessageBody fields = new(body);
        if (fields.ReadString(out _).SequenceEqual("application_name"u8))
        {
            Application = fields.ReadString(out _).ToArray();
        }
    }

    // "Error and Notice Message Fields": byte, string; ended by a zero byte.
    private static (string Code, byte[] Message) ReadError(ReadOnlySpan<byte> body)
    {
        string code = "";
        byte[] message = [];
        MessageBody fields = new(body);
        while (fields.TryReadByte(out byte field) && field != 0)
        {
            ReadOnlySpan<byte> value = fields.ReadString(out _);
            if (field == (byte)'C')
            {
                code = Encoding.Latin1.GetString(value[..Math.Min(value.Length, 5)]);
            }
            else if (field == (byte)'M')
            {
                message = value.ToArray();
            }
        }

        return (code, message);
    }
}
