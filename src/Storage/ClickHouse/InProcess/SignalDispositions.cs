using System.Runtime.InteropServices;

namespace ECapture.Storage.ClickHouse.InProcess;

/// <summary>
/// Keeps the runtime's signal handlers while the engine boots. The engine takes signals at each boot; without this a
/// NullReferenceException never returns, and the next garbage collection beside a busy thread hangs, because the engine took
/// the runtime's thread suspension signal (34).
/// </summary>
internal sealed unsafe partial class SignalDispositions : IDisposable
{
    private const int SizeOfSigaction = 152; // glibc, x86-64

    // SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGTSTP, SIGSYS and SIGRTMIN.
    private static readonly int[] Signals = [4, 5, 6, 7, 8, 11, 20, 31, 34];

    private readonly byte[] _saved = new byte[Signals.Length * SizeOfSigaction];

    public SignalDispositions()
    {
        fixed (byte* saved = _saved)
        {
            for (int i = 0; i < Signals.Length; i++)
            {
                Check(Sigaction(Signals[i], null, saved + (i * SizeOfSigaction)), Signals[i]);
            }
        }
    }

    public void Dispose()
    {
        fixed (byte* saved = _saved)
        {
            for (int i = 0; i < Signals.Length; i++)
            {
                Check(Sigaction(Signals[i], saved + (i * SizeOfSigaction), null), Signals[i]);
            }
        }
    }

    private static void Check(int result, int signal)
    {
        if (result != 0)
        {
            throw new StoreException($"sigaction of signal {signal} failed: errno {Marshal.GetLastPInvokeError()}", isTransient: false);
        }
    }

    [LibraryImport("libc", EntryPoint = "sigaction", SetLastError = true)]
    private static partial int Sigaction(int signal, byte* action, byte* old);
}
