using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace ECapture.Log.Streams;

/// <summary>
/// SHA-256 (FIPS 180-4) of short texts, a million a second: by the functions of OpenSSL that only compute. What .NET calls looks the algorithm up, makes a context and clears a list of errors
/// for each text, which takes longer than the digest of an event. Where OpenSSL has them no more, .NET does it.
/// </summary>
internal static unsafe class DirectSha256
{
    private const int ContextBytes = 256; // 112 are used, in every version that has these functions
    private static readonly delegate* unmanaged<byte*, int> s_init;
    private static readonly delegate* unmanaged<byte*, byte*, nuint, int> s_update;
    private static readonly delegate* unmanaged<byte*, byte*, int> s_final;

    static DirectSha256()
    {
        foreach (string library in (ReadOnlySpan<string>)["libcrypto.so.3", "libcrypto.so.1.1"])
        {
            if (NativeLibrary.TryLoad(library, out nint handle)
                && NativeLibrary.TryGetExport(handle, "SHA256_Init", out nint init)
                && NativeLibrary.TryGetExport(handle, "SHA256_Update", out nint update)
                && NativeLibrary.TryGetExport(handle, "SHA256_Final", out nint final))
            {
                s_init = (delegate* unmanaged<byte*, int>)init;
                s_update = (delegate* unmanaged<byte*, byte*, nuint, int>)update;
                s_final = (delegate* unmanaged<byte*, byte*, int>)final;
                return;
            }
        }
    }

    /// <summary>True when OpenSSL computes, false when .NET does.</summary>
    internal static bool IsDirect => s_init is not null;

    /// <summary>Computes the digest of a text; it may be written over the text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="digest">Receives 32 bytes.</param>
    /// <exception cref="ArgumentException">There is no room for the digest.</exception>
    /// <exception cref="CryptographicException">OpenSSL refused.</exception>
    internal static void Hash(ReadOnlySpan<byte> text, Span<byte> digest)
    {
        if (digest.Length < SHA256.HashSizeInBytes)
        {
            throw new ArgumentException($"a digest has {SHA256.HashSizeInBytes} bytes", nameof(digest));
        }

        if (!IsDirect)
        {
            SHA256.HashData(text, digest);
            return;
        }

        byte* context = stackalloc byte[ContextBytes];
        fixed (byte* from = text)
        fixed (byte* to = digest)
        {
            if (s_init(context) != 1 || s_update(context, from, (nuint)text.Length) != 1 || s_final(to, context) != 1)
            {
                throw new CryptographicException("OpenSSL computed no SHA-256");
            }
        }
    }
}
