namespace ECapture.Storage.ClickHouse.InProcess;

/// <summary>The result of a SELECT, a chunk of the engine's memory at a time.</summary>
internal sealed unsafe class ChdbQueryStream(ChdbClickHouse pool, ChdbConnection connection, nint stream) : ForwardReadStream
{
    private nint _chunk;
    private nuint _length;
    private nuint _at;
    private bool _isComplete;
    private bool _isDisposed;

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (buffer.Length == 0 || !FetchWhenEmpty())
        {
            return 0;
        }

        int count = (int)Math.Min((nuint)buffer.Length, _length - _at);
        new ReadOnlySpan<byte>(ChdbNative.ResultBuffer(_chunk) + _at, count).CopyTo(buffer);
        _at += (nuint)count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        // Only the fetch of a chunk blocks; what is left of one is copied at once.
        return _at < _length
            ? ValueTask.FromResult(Read(buffer.Span))
            : new ValueTask<int>(Task.Run(() => Read(buffer.Span), cancellationToken));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            Release();
            connection.EndQuery(stream, _isComplete);
            pool.Return(connection);
        }

        base.Dispose(disposing);
    }

    private bool FetchWhenEmpty()
    {
        if (_at < _length)
        {
            return true;
        }

        if (_isComplete)
        {
            return false;
        }

        Release();
        try
        {
            _chunk = connection.Fetch(stream);
        }
        catch (ChdbError e)
        {
            throw pool.Translate(e);
        }

        (_at, _length) = (0, ChdbNative.ResultLength(_chunk));
        _isComplete = _length == 0;
        return !_isComplete;
    }

    private void Release()
    {
        if (_chunk != 0)
        {
            ChdbNative.DestroyResult(_chunk);
            _chunk = 0;
        }
    }
}
