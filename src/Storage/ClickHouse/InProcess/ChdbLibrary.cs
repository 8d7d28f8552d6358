using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace ECapture.Storage.ClickHouse.InProcess;

/// <summary>Finds and loads libchdb.so, once per process.</summary>
internal static class ChdbLibrary
{
    /// <summary>The environment variable that names the library's file.</summary>
    public const string PathVariable = "ECAPTURE_CHDB";

    private const string InstalledPath = "/usr/local/lib/ecapture/libchdb.so";

    private static readonly Lock Gate = new();
    private static bool s_isLoaded;

    /// <exception cref="StoreException">It is not there or does not load.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (s_isLoaded)
            {
                return;
            }

            if (!Avx2.IsSupported)
            {
                throw new StoreException(
                    "the in-process ClickHouse needs a processor with AVX2, which this one has not; use a server instead: --store clickhouse://… or postgres://…",
                    isTransient: false);
            }

            string path = Find();
            try
            {
                ChdbNative.Use(path);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                throw new StoreException($"{path} does not load: {e.Message.ReplaceLineEndings(" ")}; run `make setup`", isTransient: false, e);
            }

            s_isLoaded = true;
        }
    }

    private static string Find()
    {
        string? given = Environment.GetEnvironmentVariable(PathVariable);
        if (!string.IsNullOrEmpty(given))
        {
            return File.Exists(given)
                ? given
                : throw new StoreException($"{PathVariable} names {given}, which is not there; run `make setup` or correct it", isTransient: false);
        }

        string beside = Path.Combine(AppContext.BaseDirectory, "libchdb.so");
        return File.Exists(InstalledPath) ? InstalledPath
            : File.Exists(beside) ? beside
            : throw new StoreException(
                $"the in-process ClickHouse is not installed: there is no {InstalledPath}, no {beside}, and {PathVariable} is not set; run `make setup`",
                isTransient: false);
    }
}
