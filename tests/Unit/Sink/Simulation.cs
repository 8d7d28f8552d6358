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
internal readonly record struct SimulatedRow(StreamKey Stream, ulong Sequence, int Day, long Offset);

internal sealed class SimulatedBlock(int day) : Block
{
    public List<SimulatedRow> Content { get; } = [];

    public override string Name => $"agent/{day}";

    public override int Rows => Content.Count;

    public override bool CanSplit => true;

    public override IBlockParts Split() => new SimulatedParts(day, [.. Content]);
}

internal sealed class SimulatedParts(int day, SimulatedRow[] rows) : IBlockParts
{
    public int Count => rows.Length;

    public long OffsetOf(int row) => rows[row].Offset;

    public Block Part(int first, int count)
    {
        SimulatedBlock part = new(day);
        part.Content.AddRange(rows.AsSpan(first, count));
        return part;
    }

    public Block Refusal(int row, string error) => new SimulatedRefusal(rows[row]);
}

/// <summary>A row that the store refused, as a dead letter.</summary>
internal sealed class SimulatedRefusal(SimulatedRow row) : Block
{
    public SimulatedRow Row => row;

    public override string Name => "refused";

    public override int Rows => 1;
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

        block.Content.Add(new SimulatedRow(stream, row.Fields.Sequence, day, row.LogOffset));
    }

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
    private readonly HashSet<(long, string)> _splits = [];

    public List<SimulatedRow> Rows { get; } = [];

    public IReadOnlyList<PlanRow> Plans => _plans;

    /// <summary>Rows that the store refused.</summary>
    public List<SimulatedRow> Refused { get; } = [];

    /// <summary>True: the store takes no block with one of certain rows.</summary>
    public bool RefusesRows { get; set; }

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
        SimulatedRow[] rows = block is SimulatedRefusal refusal ? [refusal.Row] : [.. ((SimulatedBlock)block).Content];
        await CallAsync();
        if (RefusesRows && block is SimulatedBlock && rows.Any(row => row.Sequence % 7 == 3))
        {
            throw new StoreException("a row is refused", isTransient: false) { IsRowFault = true };
        }

        if (KeepToken(token))
        {
            (block is SimulatedRefusal ? Refused : Rows).AddRange(rows);
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
        if (block is SimulatedRefusal refusal)
        {
            return Refused.Count(row => row == refusal.Row);
        }

        HashSet<SimulatedRow> wanted = [.. ((SimulatedBlock)block).Content];
        return Rows.Count(wanted.Contains);
    }

    public async Task<bool> IsSplitAsync(PartitionId partition, long from, string block, CancellationToken cancellationToken)
    {
        await CallAsync();
        return _splits.Contains((from, block));
    }

    public async Task MarkSplitAsync(PartitionId partition, long from, string block, CancellationToken cancellationToken)
    {
        await CallAsync();
        _splits.Add((from, block));
        await CallAsync();
    }

    public async Task<IReadOnlySet<long>> RefusedAsync(PartitionId partition, long from, long to, CancellationToken cancellationToken)
    {
        await CallAsync();
        return Refused.Select(row => row.Offset).Where(offset => offset >= from && offset < to).ToHashSet();
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
