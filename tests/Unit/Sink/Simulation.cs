using ECapture.Sink.ClickHouse;
using ECapture.Sink.Delivery;
using ECapture.Storage;
using ECapture.Storage.Tables;

namespace ECapture.Tests.Unit.Sink;

/// <summary>Runs asynchronous actors one step at a time, in an order that the seed gives; one that is never chosen again is dead.</summary>
internal sealed class StepScheduler(Random random)
{
    private readonly List<(object Actor, TaskCompletionSource Turn)> _waiting = [];

    public object? Current { get; private set; }

    public Task TurnAsync()
    {
        TaskCompletionSource turn = new(); // continues inside SetResult: one actor runs at a time
        _waiting.Add((Current!, turn));
        return turn.Task;
    }

    public void Start(object actor, Func<Task> run)
    {
        Current = actor;
        _ = run();
    }

    /// <summary>Lets one of the actors do its next step.</summary>
    /// <returns>False when none of them waits.</returns>
    public bool Step(Func<object, bool> isAlive)
    {
        int[] alive = [.. Enumerable.Range(0, _waiting.Count).Where(i => isAlive(_waiting[i].Actor))];
        if (alive.Length == 0)
        {
            return false;
        }

        int chosen = alive[random.Next(alive.Length)];
        (Current, TaskCompletionSource turn) = _waiting[chosen];
        _waiting.RemoveAt(chosen);
        turn.SetResult();
        return true;
    }
}

/// <summary>A row as the simulated store keeps it.</summary>
internal readonly record struct SimulatedRow(StreamKey Stream, ulong Sequence, int Day);

internal sealed class SimulatedBlock(int day) : Block
{
    public List<SimulatedRow> Content { get; } = [];

    public override string Name => $"agent/{day}";

    public override int Rows => Content.Count;
}

internal sealed class SimulatedBatch : BlockBatch
{
    private readonly SortedDictionary<int, SimulatedBlock> _days = [];

    public override int Days => _days.Count;

    public override IEnumerable<Block> Blocks => _days.Values;

    public SimulatedBatch Copy()
    {
        SimulatedBatch copy = new();
        foreach ((int day, SimulatedBlock block) in _days)
        {
            copy._days.Add(day, block); // Reset lets go of blocks, it does not empty them
        }

        return copy;
    }

    protected override void AddRow(in EventRow row, StreamKey stream)
    {
        int day = (int)(row.Fields.WallNs / 86_400_000_000_000);
        if (!_days.TryGetValue(day, out SimulatedBlock? block))
        {
            _days.Add(day, block = new SimulatedBlock(day));
        }

        block.Content.Add(new SimulatedRow(stream, row.Fields.Sequence, day));
    }

    protected override void AddLetter(DeadLetter letter, ReadOnlySpan<byte> bytes) => throw new InvalidOperationException(letter.Error);

    protected override void Reset() => _days.Clear(); // an insert that is under way keeps its block
}

/// <summary>
/// A store with ClickHouse's semantics: a statement is checked, then its token is kept, then its rows appear; it can fail before, after, and
/// (killed) between token and rows.
/// </summary>
internal sealed class SimulatedStore(StepScheduler scheduler, Random random) : IPlanStore
{
    private readonly HashSet<string> _tokens = [];
    private readonly List<PlanRow> _plans = [];

    public List<SimulatedRow> Rows { get; } = [];

    public IReadOnlyList<PlanRow> Plans => _plans;

    /// <summary>Failures in a thousand calls.</summary>
    public int FailuresPerThousand { get; set; }

    /// <summary>Kills between a token and its rows in a thousand inserts.</summary>
    public int KillsPerThousand { get; set; }

    public int Kills { get; private set; }

    public int Repeated { get; private set; }

    /// <summary>As a table does that was made anew with the same rows.</summary>
    public void ForgetTokens() => _tokens.Clear();

    public BlockBatch CreateBatch(EventTable table, BufferPool pool) => new SimulatedBatch();

    public async Task<PlanRow?> LastPlanAsync(PartitionId partition, CancellationToken cancellationToken)
    {
        await CallAsync();
        PlanRow? last = _plans.MaxBy(p => p.Version);
        await CallAsync();
        return last;
    }

    public async Task InsertPlanAsync(PartitionId partition, PlanRow row, long expected, CancellationToken cancellationToken)
    {
        await CallAsync();
        bool exists = _plans.Any(p => p.Version > expected);
        await scheduler.TurnAsync();
        if (!exists && KeepToken($"plan/{row.From}/{row.Turn}"))
        {
            _plans.Add(row);
        }

        await CallAsync();
    }

    public async Task InsertBlockAsync(Block block, string token, CancellationToken cancellationToken)
    {
        SimulatedRow[] rows = [.. ((SimulatedBlock)block).Content];
        await CallAsync();
        if (KeepToken(token))
        {
            Rows.AddRange(rows);
        }
        else
        {
            Repeated++;
        }

        await CallAsync();
    }

    public async Task<long> CountAsync(Block block, CancellationToken cancellationToken)
    {
        await CallAsync();
        HashSet<SimulatedRow> wanted = [.. ((SimulatedBlock)block).Content];
        return Rows.Count(wanted.Contains);
    }

    private bool KeepToken(string token)
    {
        if (!_tokens.Add(token))
        {
            return false;
        }

        if (random.Next(1000) < KillsPerThousand)
        {
            Kills++;
            throw new StoreException("killed between token and rows", isTransient: true);
        }

        return true;
    }

    private async Task CallAsync()
    {
        await scheduler.TurnAsync();
        if (random.Next(1000) < FailuresPerThousand)
        {
            throw new StoreException("connection lost", isTransient: true);
        }
    }
}
