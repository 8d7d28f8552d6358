using System.Text;
using System.Text.Json;
using ECapture.Capture;
using ECapture.Capture.Bpf;

namespace ECapture.Terminal.Remote;

/// <summary>The settings of the command that runs: changed one at a time, whole or not at all, whoever asks for it.</summary>
/// <param name="module">The module that runs.</param>
/// <param name="start">What holds at first.</param>
/// <param name="startedWith">What cannot be changed.</param>
/// <param name="choose">Says which BPF objects a mode comes to here.</param>
/// <param name="apply">Puts settings in force between two events, whole or not at all.</param>
/// <param name="changed">Takes each change as a text, once it holds.</param>
internal sealed class RunningSettings(
    string module, RemoteSettings start, StartedWith startedWith, Func<BtfMode, KernelFit> choose, Func<RemoteSettings, Task> apply, Action<string> changed)
    : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly bool _hasExitStatus = module == "bash";
    private readonly RemoteSettings _start = start;
    private volatile RemoteSettings _current = start;

    /// <summary>The module that runs.</summary>
    internal string Module => module;

    /// <summary>What holds now.</summary>
    internal RemoteSettings Current => _current;

    /// <summary>Changes what the text names.</summary>
    /// <param name="text">One JSON object.</param>
    /// <param name="source">Where it came from, for people.</param>
    /// <param name="isWhole">True: what it does not name is as it was at the start of the command; false: it stays as it is.</param>
    /// <exception cref="RemoteRefusal">It is wrong, or could not be applied; what held before holds.</exception>
    internal async Task ChangeAsync(ReadOnlyMemory<byte> text, string source, bool isWhole)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            RemoteSettings before = _current;
            RemoteSettings after = SettingsReader.Read(text, isWhole ? _start : before, before.Objects, startedWith, _hasExitStatus, choose);
            try
            {
                await apply(after).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException or CaptureException or OperationCanceledException)
            {
                await apply(before).ConfigureAwait(false);
                throw new RemoteRefusal(RemoteCode.NotApplied, $"the change was taken back: {(e is OperationCanceledException ? "the command ends" : e.Message)}");
            }

            _current = after;
            changed($"{source}: {Describe()}");
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

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
