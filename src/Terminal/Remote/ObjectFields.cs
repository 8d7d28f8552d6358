using System.Text.Json;
using ECapture.Capture;
using ECapture.Capture.Bpf;

namespace ECapture.Terminal.Remote;

/// <summary>
/// eCapture's fields for the BPF objects: <c>btf</c>, <c>btf_mode</c> and <c>byte_code_file_mode</c>, one setting under three names. 1 is with kernel types, 2 without, 0 the best that the kernel allows. A
/// configuration that GET gave and of which one field was edited means that one, so a name that says what holds gives way to one that says something else, and 0 to both.
/// </summary>
/// <param name="choose">Says which set a mode comes to here.</param>
internal sealed class ObjectFields(Func<BtfMode, KernelFit> choose)
{
    internal static readonly string[] Names = ["btf", "btf_mode", "byte_code_file_mode"];

    private const ulong MostMode = 2;

    private readonly List<(string Field, BtfMode Mode)> _asked = [];

    /// <summary>The number of a set, as GET gives it.</summary>
    internal static BtfMode NumberOf(ObjectSet set) => set == ObjectSet.Plain ? BtfMode.None : BtfMode.Types;

    /// <summary>Takes a field.</summary>
    /// <exception cref="RemoteRefusal">It is no mode.</exception>
    internal void Take(JsonProperty field) => _asked.Add((field.Name, (BtfMode)JsonFields.Number(field, MostMode)));

    /// <summary>What the fields come to.</summary>
    /// <param name="unasked">What it comes to without them.</param>
    /// <param name="now">What holds.</param>
    /// <exception cref="RemoteRefusal">It is not possible here.</exception>
    internal BtfMode Decide(BtfMode unasked, BtfMode now)
    {
        if (_asked.Count == 0)
        {
            return unasked;
        }

        (string field, BtfMode mode) = _asked.OrderBy(a => a.Mode == BtfMode.Auto ? 2 : a.Mode == now ? 1 : 0).First();
        if (mode == now)
        {
            return now;
        }

        try
        {
            return NumberOf(choose(mode).Set);
        }
        catch (Exception e) when (e is CaptureException or IOException or UnauthorizedAccessException)
        {
            throw new RemoteRefusal(RemoteCode.CheckFailed, $"field {field}: {e.Message}", field);
        }
    }
}
