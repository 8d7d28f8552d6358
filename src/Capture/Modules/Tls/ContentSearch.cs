using System.Collections.Concurrent;
using System.Globalization;
using ECapture.Capture.Elf;
using ECapture.Capture.Symbols;
using Microsoft.Win32.SafeHandles;

namespace ECapture.Capture.Modules.Tls;

/// <summary>
/// Finds programs and libraries that have a TLS library built into them, by what they hold: the label that every one of them hands to its key log, else the names of its functions. Reads
/// on a thread of its own, each file once.
/// </summary>
/// <param name="planner">Reads the files that hold one: the capture thread has no time for it.</param>
internal sealed class ContentSearch(ILibraryPlanner planner) : IDisposable
{
    private const long LeastBytes = 512 * 1024; // no TLS library is smaller
    private const int MostSeen = 64 * 1024;
    private const int MostWaiting = 256; // each is an open file
    private static readonly string[] s_label = ["CLIENT_RANDOM"];

    private readonly Dictionary<FileIdentity, FileStamp> _seen = [];
    private readonly BlockingCollection<Candidate> _waiting = new(MostWaiting);
    private readonly ConcurrentQueue<Candidate> _found = new();
    private volatile bool _isEnded;
    private Thread? _thread;

    /// <summary>Looks at a file soon, unless it was looked at before.</summary>
    /// <param name="file">The file; it is opened now, so that it can be read when its process has ended.</param>
    /// <returns>False when too many wait: offer it again.</returns>
    internal bool Offer(LibraryFile file)
    {
        if (_isEnded)
        {
            return true;
        }

        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(file.AccessPath);
            FileStamp stamp = FileStamp.Of(handle);
            if (stamp.Length < LeastBytes || (_seen.TryGetValue(file.Identity, out FileStamp known) && known == stamp))
            {
                handle.Dispose();
                return true;
            }

            // /proc/self/fd leads to the inode for as long as the handle is open.
            string path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{handle.DangerousGetHandle()}");
            if (!_waiting.TryAdd(new Candidate(file with { AccessPath = path }, handle)))
            {
                handle.Dispose();
                return false;
            }

            if (_seen.Count >= MostSeen)
            {
                _seen.Clear();
            }

            _seen[file.Identity] = stamp;
            StartThread();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            handle?.Dispose();
            return true; // its process ended, or it is no file that can be read
        }
    }

    /// <summary>The next file that holds a TLS library. Its access path is good until <see cref="Candidate.Dispose"/>.</summary>
    internal bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Candidate? found) => _found.TryDequeue(out found);

    /// <summary>Ends the thread, which is not waited for: it may be in the middle of a large file.</summary>
    public void Dispose()
    {
        _waiting.CompleteAdding();
        _isEnded = true;
        CloseAll();
    }

    private void CloseAll()
    {
        while (_waiting.TryTake(out Candidate? waiting) || _found.TryDequeue(out waiting))
        {
            waiting.Dispose();
        }
    }

    private void StartThread()
    {
        if (_thread is null)
        {
            _thread = new Thread(Read) { IsBackground = true, Name = "tls search" };
            _thread.Start();
        }
    }

    private void Read()
    {
        foreach (Candidate candidate in _waiting.GetConsumingEnumerable())
        {
            Look(candidate);
        }

        CloseAll(); // what it found when nobody asked any more
    }

    private void Look(Candidate candidate)
    {
        bool holds = false;
        try
        {
            using ElfFile elf = ElfFile.Open(candidate.File.AccessPath);
            holds = Holds(elf);
            if (holds)
            {
                _found.Enqueue(candidate with { Plan = planner.Plan(elf) });
            }
        }
        catch (CaptureException) when (!holds)
        {
            // A program of another kind.
        }
        catch (Exception e) // whatever a user's file holds must not end the agent: it is said instead
        {
            holds = true;
            _found.Enqueue(candidate with { Error = e.Message });
        }

        if (!holds)
        {
            candidate.Dispose();
        }
    }

    /// <summary>True for a file that hands secrets to a key log, or names OpenSSL's functions as its own (before 1.1.1 it had no key log), and is none that another module captures.</summary>
    internal static bool Holds(ElfFile elf) =>
        (LabelFinder.Contains(elf, s_label) || (elf.TryGetSymbolOffset("SSL_read", out _) && elf.TryGetSymbolOffset("SSL_write", out _)))
        && !elf.TryGetSymbol("SSL_ImportFD", out _) && !elf.TryGetSymbol("gnutls_record_send", out _);

    /// <summary>A file that is open.</summary>
    internal sealed record Candidate(LibraryFile File, SafeFileHandle Handle) : IDisposable
    {
        /// <summary>What to attach to in it; null: it could not be read.</summary>
        internal LibraryPlan? Plan { get; init; }

        /// <summary>Why it could not be read; empty: it was.</summary>
        internal string Error { get; init; } = "";

        /// <inheritdoc/>
        public void Dispose() => Handle.Dispose();
    }
}
