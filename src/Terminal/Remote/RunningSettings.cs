using System.Text;
using System.Text.Json;

namespace ECapture.Terminal.Remote;

/// <summary>The settings of the command that runs: changed one at a time, whole or not at all, whoever asks for it.</summary>
/// <param name="module">The module that runs.</param>
/// <param name="start">What holds at first.</param>
/// <param name="startedWith">What cannot be changed.</param>
/// <param name="apply">Puts settings in force between two events.</param>
/// <param name="changed">Takes each change as a text, once it holds.</param>
internal sealed class RunningSettings(string module, RemoteSettings start, StartedWith startedWith, Action<RemoteSettings> apply, Action<string> changed)
{
    private readonly Lock _lock = new();
    private readonly bool _hasExitStatus = module == "bash";
    private readonly RemoteSettings _start = start;
    private RemoteSettings _current = start;

    /// <summary>The module that runs.</summary>
    internal string Module => module;

    /// <summary>What holds now.</summary>
    internal RemoteSettings Current
    {
        get
        {
            lock (_lock)
            {
                return _current;
            }
        }
    }

    /// <summary>Changes what the text names.</summary>
    /// <param name="text">One JSON object.</param>
    /// <param name="source">Where it came from, for people.</param>
    /// <param name="isWhole">True: what it does not name is as it was at the start of the command; false: it stays as it is.</param>
    /// <exception cref="RemoteRefusal">It is wrong, or could not be applied; what held before holds.</exception>
    internal void Change(ReadOnlyMemory<byte> text, string source, bool isWhole)
    {
        lock (_lock)
        {
            RemoteSettings after = SettingsReader.Read(text, isWhole ? _start : _current, startedWith, _hasExitStatus);
            try
            {
                apply(after);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                apply(_current);
                throw new RemoteRefusal(RemoteCode.NotApplied, $"the change was taken back: {e.Message}");
            }

            _current = after;
            changed($"{source}: {Describe()}");
        }
    }

    /// <summary>What holds, as JSON.</summary>
    internal string Describe()
    {
        using MemoryStream output = new();
        using (Utf8JsonWriter json = new(output))
        {
            SettingsReader.Write(json, Current, startedWith, _hasExitStatus);
        }

        return Encoding.UTF8.GetString(output.GetBuffer().AsSpan(0, (int)output.Length));
    }
}
