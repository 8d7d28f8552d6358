using System.Runtime.InteropServices;

namespace ECapture.Tests.Unit.Capture.Tls;

/// <summary>A client's connection object after it made its ClientHello: the library itself is the oracle for where things are.</summary>
internal sealed unsafe partial class OpenSslConnection : IDisposable
{
    private const string Library = "libssl.so.3";
    private readonly nint _context;
    private readonly nint _ssl;

    private OpenSslConnection(nint context, nint ssl)
    {
        _context = context;
        _ssl = ssl;
    }

    public static OpenSslConnection Handshake()
    {
        nint context = SSL_CTX_new(TLS_client_method());
        nint ssl = SSL_new(context);
        SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        _ = SSL_connect(ssl); // writes the ClientHello, then has nothing to read
        return new OpenSslConnection(context, ssl);
    }

    public byte[] ClientRandom()
    {
        byte[] random = new byte[32];
        fixed (byte* p = random)
        {
            Assert.Equal((nuint)32, SSL_get_client_random(_ssl, p, 32));
        }

        return random;
    }

    public byte[] Read(int pointer, int offset)
    {
        byte* from = pointer < 0 ? (byte*)_ssl : *(byte**)((byte*)_ssl + pointer);
        return new ReadOnlySpan<byte>(from + offset, 32).ToArray();
    }

    public void Dispose()
    {
        SSL_free(_ssl);
        SSL_CTX_free(_context);
    }

    [LibraryImport(Library)]
    private static partial nint TLS_client_method();

    [LibraryImport(Library)]
    private static partial nint SSL_CTX_new(nint method);

    [LibraryImport(Library)]
    private static partial void SSL_CTX_free(nint context);

    [LibraryImport(Library)]
    private static partial nint SSL_new(nint context);

    [LibraryImport(Library)]
    private static partial void SSL_free(nint ssl);

    [LibraryImport(Library)]
    private static partial void SSL_set_bio(nint ssl, nint read, nint write);

    [LibraryImport(Library)]
    private static partial int SSL_connect(nint ssl);

    [LibraryImport(Library)]
    private static partial nuint SSL_get_client_random(nint ssl, byte* random, nuint length);

    [LibraryImport("libcrypto.so.3")]
    private static partial nint BIO_s_mem();

    [LibraryImport("libcrypto.so.3")]
    private static partial nint BIO_new(nint method);
}
