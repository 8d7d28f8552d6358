using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>
/// Reads processes' memory, learns where builds keep their secrets, and tries them on captured records: on a thread of its own, so that capture never waits for it.
/// </summary>
internal sealed partial class ProofWorker : IDisposable
{
    private const int MostWaiting = 1024;
    private const int MostTries = 20;
    private const int MostFruitless = 8;

    private readonly BlockingCollection<Action> _work = new(MostWaiting);
    private readonly ConcurrentQueue<Lesson> _again = new();
    private readonly ConcurrentQueue<Proof> _proofs = new();
    private readonly ConcurrentQueue<Found> _found = new();
    private readonly Dictionary<string, SecretLayout> _layouts = new(StringComparer.Ordinal); // of the thread
    private readonly Dictionary<string, int> _fruitless = new(StringComparer.Ordinal); // lessons that taught nothing
    private readonly ConcurrentDictionary<(string Build, SecretField Field), bool> _settled = new();
    private readonly ConcurrentDictionary<string, int> _useful = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger _logger;
    private readonly Thread _thread;

    /// <summary>Starts the thread.</summary>
    internal ProofWorker(ILogger logger)
    {
        _logger = logger;
        _thread = new Thread(Run) { Name = "earlier connections", IsBackground = true, Priority = ThreadPriority.BelowNormal };
        _thread.Start();
    }

    /// <summary>False when it knows where a build keeps a field.</summary>
    internal bool Wants(string build, SecretField field) => !_settled.ContainsKey((build, field));

    /// <summary>Grows with what it knows of a build; 0: nothing that helps.</summary>
    internal int Knows(string build) => _useful.GetValueOrDefault(build);

    /// <summary>Learns from a connection whose secrets were captured.</summary>
    internal void Learn(Lesson lesson) => _work.TryAdd(() => DoLearn(lesson));

    /// <summary>Tries secrets on records; <see cref="TryTake"/> gives what came of it.</summary>
    /// <returns>False: there is too much to do.</returns>
    internal bool Try(Trial trial) => _work.TryAdd(() => _proofs.Enqueue(new Proof(trial, DoTry(trial))));

    /// <summary>What came of a trial.</summary>
    internal bool TryTake(out Proof proof) => _proofs.TryDequeue(out proof);

    /// <summary>Looks for the connection objects of a process; <see cref="TryTakeFound"/> gives what was found.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="libraries">The libraries that it may have, and what events call them.</param>
    /// <returns>False: there is too much to do.</returns>
    internal bool Search(int pid, IReadOnlyList<(AttachedLibrary Library, string Name)> libraries) => _work.TryAdd(() => _found.Enqueue(new Found(pid, DoSearch(pid, libraries))));

    /// <summary>What a search found.</summary>
    internal bool TryTakeFound(out Found found) => _found.TryDequeue(out found);

    /// <summary>Looks again at objects that did not hold yet what their connection was known to have.</summary>
    internal void Tick()
    {
        for (int i = _again.Count; i > 0 && _again.TryDequeue(out Lesson? lesson); i--)
        {
            Learn(lesson);
        }
    }

    /// <summary>Ends the thread; what waits is dropped.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
        _stop.Dispose();
    }

    private void Run()
    {
        foreach (Action action in _work.GetConsumingEnumerable())
        {
            if (!_stop.IsCancellationRequested)
            {
                action();
            }
        }
    }

    private void DoLearn(Lesson lesson)
    {
        string build = lesson.Library.Build;
        if (!_layouts.TryGetValue(build, out SecretLayout? layout))
        {
            _layouts.Add(build, layout = new SecretLayout());
            _fruitless.Add(build, 0);
        }

        if (layout.IsSettled(lesson.Field))
        {
            return;
        }

        if (ObjectMemory.Read(lesson.Pid, lesson.Address) is not { } memory)
        {
            return; // it ended
        }

        if (!layout.Learn(memory, lesson.Field, lesson.Content, lesson.ClientRandom))
        {
            if (lesson.Tries < MostTries)
            {
                _again.Enqueue(lesson with { Tries = lesson.Tries + 1 });
            }
            else if (++_fruitless[build] >= MostFruitless)
            {
                // Its secrets are elsewhere than in its objects.
                foreach (SecretField field in Enum.GetValues<SecretField>())
                {
                    _settled[(build, field)] = true;
                }
            }

            return;
        }

        _fruitless[build] = int.MinValue;

        if (layout.IsSettled(lesson.Field))
        {
            _settled[(build, lesson.Field)] = true;
            LogSettled(_logger, lesson.Field, build, string.Join(", ", layout.Places(lesson.Field)));
        }

        if (MappedFile.TryFind(lesson.Pid, lesson.Library.File.Identity, out ulong start, out ulong end))
        {
            layout.LearnMarks(ObjectSearch.Marks(memory.Content, start, end));
        }

        if (layout.IsUseful)
        {
            _useful[build] = layout.Version;
        }
    }

    private List<ObjectUse> DoSearch(int pid, IReadOnlyList<(AttachedLibrary Library, string Name)> libraries)
    {
        List<ObjectUse> found = [];
        foreach ((AttachedLibrary library, string name) in libraries)
        {
            if (_layouts.TryGetValue(library.Build, out SecretLayout? layout))
            {
                found.AddRange(ObjectSearch.Find(pid, library.File.Identity, layout.Marks, _stop.Token).Select(a => new ObjectUse(pid, a, library, name, 0)));
            }
        }

        return found;
    }

    private List<(ProvedSecret, ObjectUse)> DoTry(Trial trial)
    {
        List<(ProvedSecret, ObjectUse)> proved = [];
        foreach (ObjectUse use in trial.Objects)
        {
            if (Prover(use, trial) is { } prove)
            {
                bool? ofClient = trial.Known is { } known ? !known.IsClients : null;
                foreach (RecordSample sample in trial.Samples)
                {
                    if (prove(sample, ofClient) is { } proof)
                    {
                        proved.Add((proof, use));
                        ofClient = !proof.IsClients;
                    }
                }
            }

            if (proved.Count > 0)
            {
                break;
            }
        }

        return proved;
    }

    // What tries an object's secrets on a record; null: nothing is known of its build, or it is gone.
    private Func<RecordSample, bool?, ProvedSecret?>? Prover(ObjectUse use, Trial trial)
    {
        const int RandomLength = 32;
        if (use.Library is null)
        {
            byte[] random = trial.Known?.ClientRandom ?? RandomNumberGenerator.GetBytes(RandomLength);
            GoSecretTrial go = new(use.Pid, use.Address, _stop.Token);
            return (sample, _) => go.Prove(sample, random);
        }

        return _layouts.TryGetValue(use.Library.Build, out SecretLayout? layout) && ObjectMemory.Read(use.Pid, use.Address) is { } memory
            ? new SecretTrial(layout, memory, trial.IsThorough, _stop.Token).Prove
            : null;
    }

    /// <summary>A secret of a connection, to be found in its object.</summary>
    internal sealed record Lesson(AttachedLibrary Library, int Pid, ulong Address, SecretField Field, byte[] Content, byte[] ClientRandom, int Tries = 0);

    /// <summary>Records of a flow, and the objects whose secrets may have made them.</summary>
    internal sealed record Trial(EarlierFlow Flow, IReadOnlyList<ObjectUse> Objects, IReadOnlyList<RecordSample> Samples, ProvedSecret? Known, bool IsThorough);

    /// <summary>Objects that were found in a process.</summary>
    internal readonly record struct Found(int Pid, IReadOnlyList<ObjectUse> Objects);

    /// <summary>What came of a trial.</summary>
    internal readonly record struct Proof(Trial Trial, IReadOnlyList<(ProvedSecret Secret, ObjectUse Owner)> Proved);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Field} of TLS build {Build} is at {Places}: connections older than the agent can be decrypted.")]
    private static partial void LogSettled(ILogger logger, SecretField field, string build, string places);
}
