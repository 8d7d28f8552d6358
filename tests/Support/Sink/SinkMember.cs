using System.Globalization;
using System.Text.RegularExpressions;

namespace ECapture.Tests.Support.Sink;

/// <summary>A sink of a group in a process of its own (tests/ChdbGateway, "member").</summary>
public sealed partial class SinkMember : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ServerProcess _process;
    private bool _isDisposed;

    private SinkMember(ServerProcess process) => _process = process;

    /// <summary>What it said last of itself.</summary>
    public MemberStatus Last => All is [.., var last] ? last : new MemberStatus(0, 0, 0, 0, false);

    /// <summary>All that it said of itself.</summary>
    public IReadOnlyList<MemberStatus> All => [.. Line().Matches(_process.Output).Select(match => new MemberStatus(
        (int)Number(match, 1), Number(match, 2), Number(match, 3), Number(match, 4), Number(match, 5) == 1))];

    public static SinkMember Start(string log, string store, string group, string topics, int memory, string hold = "/nowhere/hold") => new(ServerProcess.Start(
        Path.Combine(AppContext.BaseDirectory, "ChdbGateway"), ["member", log, store, group, topics, memory.ToString(CultureInfo.InvariantCulture), hold]));

    /// <summary>Waits until it says something.</summary>
    public async Task WaitAsync(Func<MemberStatus, bool> condition, string what, CancellationToken cancellationToken)
    {
        long until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!condition(Last))
        {
            if (_process.HasExited || Environment.TickCount64 > until)
            {
                throw new InvalidOperationException($"the sink never said: {what}; but: {Last}, ended: {_process.HasExited}: {_process.Output[Math.Max(0, _process.Output.Length - 2000)..]}");
            }

            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>kill -9.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Asks it to end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            await _process.DisposeAsync();
        }
    }

    private static long Number(Match match, int group) => long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^owned (\d+) stored (\d+) buffered (\d+) heap (\d+) retrying (\d)\s*$", RegexOptions.Multiline)]
    private static partial Regex Line();
}

/// <summary>What a <see cref="SinkMember"/> says of itself.</summary>
/// <param name="Owned">Partitions it owns and knows the progress of.</param>
/// <param name="Stored">Offsets stored, of all of them.</param>
/// <param name="Buffered">Bytes of its batches.</param>
/// <param name="Heap">Managed bytes after a collection.</param>
/// <param name="IsRetrying">A call of the store is being tried again.</param>
public sealed record MemberStatus(int Owned, long Stored, long Buffered, long Heap, bool IsRetrying);
