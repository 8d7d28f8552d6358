using ECapture.Events;
using ECapture.Policies.Reading;

namespace ECapture.Policies;

/// <summary>
/// The policy in force: what is kept of each module's events, what is overwritten in them, and how long they stay. Immutable.
/// </summary>
public sealed class Policy
{
    /// <summary>Most bytes that <c>keep</c> may be: a record has to fit into a Kafka message with its envelope.</summary>
    public const int LargestKeep = 900_000;

    private const int LargestFile = 1 << 20;
    private readonly Dictionary<string, ModulePolicy> _modules;

    internal Policy(string? file, IEnumerable<ModulePolicy> modules, StoragePolicy storage, IReadOnlyList<string> warnings)
    {
        File = file;
        _modules = modules.ToDictionary(m => m.Module, StringComparer.Ordinal);
        Storage = storage;
        Warnings = warnings;
    }

    /// <summary>The file it was read from; null: built-in defaults alone.</summary>
    public string? File { get; }

    /// <summary>Every module's policy, in the order of <see cref="Topics.All"/>.</summary>
    public IReadOnlyCollection<ModulePolicy> Modules => _modules.Values;

    /// <summary>What concerns volumes.</summary>
    public StoragePolicy Storage { get; }

    /// <summary>What is allowed but should be known: a sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The policy of a topic.</summary>
    /// <param name="topic">Short name, one of <see cref="Topics.All"/>.</param>
    /// <exception cref="ArgumentException">There is no such topic.</exception>
    public ModulePolicy For(string topic) =>
        _modules.TryGetValue(topic, out ModulePolicy? module) ? module : throw new ArgumentException($"there is no topic {topic}", nameof(topic));

    /// <summary>The built-in policy: everything is kept, nothing is overwritten or dropped.</summary>
    /// <param name="payloadLimit">Bytes kept of a payload where no file says otherwise.</param>
    public static Policy BuiltIn(int payloadLimit) => PolicyReader.Read("{}"u8, null, payloadLimit).Policy!;

    /// <summary>Reads a policy file.</summary>
    /// <param name="file">JSON; comments and trailing commas are allowed.</param>
    /// <param name="payloadLimit">Bytes kept of a payload where the file does not say.</param>
    /// <exception cref="PolicyException">It cannot be read, or holds errors: all of them are in the message.</exception>
    public static Policy Load(string file, int payloadLimit)
    {
        byte[] bytes;
        try
        {
            using FileStream stream = System.IO.File.OpenRead(file);
            if (stream.CanSeek && stream.Length > LargestFile)
            {
                throw new PolicyException($"the policy file {file} has {stream.Length} bytes: at most {LargestFile} are read");
            }

            using MemoryStream copy = new();
            stream.CopyTo(copy);
            bytes = copy.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"the policy file {file} cannot be read: {e.Message}");
        }

        PolicyReading reading = Read(bytes, file, payloadLimit);
        return reading.Policy ?? throw new PolicyException(file, reading.Errors);
    }

    /// <summary>Reads the text of a policy file.</summary>
    /// <param name="json">The text, UTF-8.</param>
    /// <param name="file">Its name, for <see cref="File"/>.</param>
    /// <param name="payloadLimit">Bytes kept of a payload where it does not say.</param>
    public static PolicyReading Read(ReadOnlySpan<byte> json, string? file, int payloadLimit) => PolicyReader.Read(json, file, payloadLimit);
}
