using System.Net.Sockets;

namespace ECapture.Storage.ClickHouse;

/// <summary>The body of a SELECT as it arrives. A server that fails in the middle breaks the transfer, which is a <see cref="StoreException"/>.</summary>
internal sealed class ClickHouseHttpStream(
    HttpResponseMessage response, Stream content, TimeSpan timeout, Func<Exception, StoreException> translate) : ForwardReadStream
{
    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            return content.Read(buffer, offset, count);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or SocketException)
        {
            throw translate(e);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ValueTask<int> read = content.ReadAsync(buffer, cancellationToken);
        try
        {
            return read.IsCompletedSuccessfully
                ? read.Result
                : await read.AsTask().WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or SocketException)
        {
            throw translate(e);
        }
        catch (TimeoutException)
        {
            throw translate(new OperationCanceledException());
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            content.Dispose();
            response.Dispose(); // closes the connection when the body was not read to its end
        }

        base.Dispose(disposing);
    }
}
