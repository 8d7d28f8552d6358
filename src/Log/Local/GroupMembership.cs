using ECapture.Log.Local.Sqlite;

namespace ECapture.Log.Local;

/// <summary>A change of what a member owns.</summary>
internal readonly record struct OwnershipChange(bool Assigned, TopicPartition Partition, long Epoch);

/// <summary>
/// One member of a consumer group. Members share out the partitions by one rule that all compute alike (partition i of the sorted list to
/// member i mod n of the sorted members); a partition changes hands when its owner lets go or has shown no sign of life for a lease. Each
/// change of hands raises the partition's epoch, and a commit counts only with the epoch that is in force.
/// A heartbeat runs beside the caller, so a member that is busy is not taken for dead.
/// </summary>
internal sealed class GroupMembership : IAsyncDisposable
{
    private static readonly TimeSpan LongestBeat = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly Catalogue _catalogue;
    private readonly string _group;
    private readonly HashSet<string> _topics;
    private readonly TimeSpan _lease;
    private readonly string _member = Guid.NewGuid().ToString("N");
    private readonly Dictionary<TopicPartition, long> _held = [];
    private readonly HashSet<TopicPartition> _leaving = [];
    private readonly Queue<OwnershipChange> _changes = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _heartbeat;
    private TopicPartition[] _known = [];
    private LogException? _failure;
    private long _lastBeat;

    public GroupMembership(Catalogue catalogue, string group, IReadOnlyCollection<string> topics, TimeSpan lease)
    {
        _catalogue = catalogue;
        _group = group;
        _topics = [.. topics];
        _lease = lease;
        _catalogue.Transaction(Register);
        _lastBeat = Boot.Now;
        _heartbeat = Task.Run(BeatAsync);
    }

    /// <summary>Tells which partitions exist; takes part in sharing them out at once when there are new ones.</summary>
    public void SetPartitions(IEnumerable<TopicPartition> partitions)
    {
        TopicPartition[] known = [.. partitions.Where(p => _topics.Contains(p.Topic)).OrderBy(p => p.Topic, StringComparer.Ordinal).ThenBy(p => p.Partition)];
        lock (_gate)
        {
            if (!known.SequenceEqual(_known))
            {
                _known = known;
                _catalogue.Transaction(Share);
            }
        }
    }

    /// <summary>The next change, in order. Taking a loss lets the partition go to others.</summary>
    /// <exception cref="LogException">The catalogue could not be reached for longer than the lease, or is damaged.</exception>
    public bool TryTakeChange(out OwnershipChange change)
    {
        lock (_gate)
        {
            if (_failure is { } failure && (!failure.IsTransient || Boot.Now - _lastBeat > _lease.TotalMilliseconds))
            {
                throw failure;
            }

            if (!_changes.TryPeek(out change))
            {
                return false;
            }

            if (!change.Assigned && _held.TryGetValue(change.Partition, out long held) && held == change.Epoch)
            {
                LetGo(change.Partition, change.Epoch);
                _held.Remove(change.Partition);
                _leaving.Remove(change.Partition);
            }

            _changes.Dequeue();
            return true;
        }
    }

    /// <summary>The group's committed offset; null when it has none.</summary>
    public long? Position(TopicPartition partition)
    {
        lock (_gate)
        {
            using Statement query = _catalogue.File.Prepare("select next from position where reader=?1 and topic=?2 and partition=?3");
            query.Bind(1, _group).Bind(2, partition.Topic).Bind(3, partition.Partition);
            return query.Step() ? query.Long(0) : null;
        }
    }

    /// <summary>Sets the group's offset.</summary>
    /// <returns>False when the partition has gone to another member.</returns>
    public bool Commit(TopicPartition partition, long epoch, long next)
    {
        lock (_gate)
        {
            using Statement update = _catalogue.File.Prepare("""
                insert into position(reader, topic, partition, next)
                    select reader, topic, partition, ?6 from lease
                    where reader=?1 and topic=?2 and partition=?3 and member=?4 and epoch=?5
                on conflict do update set next=excluded.next
                """);
            update.Bind(1, _group).Bind(2, partition.Topic).Bind(3, partition.Partition).Bind(4, _member).Bind(5, epoch).Bind(6, next);
            update.Step();
            return _catalogue.File.Changes > 0;
        }
    }

    /// <summary>Lets everything go at once, so that others need not wait for the lease to end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _heartbeat;
        _stop.Dispose();
        lock (_gate)
        {
            try
            {
                _catalogue.Transaction(() =>
                {
                    Run("update lease set member='' where reader=?1 and member=?2");
                    Run("delete from member where reader=?1 and id=?2");
                });
            }
            catch (LogException e) when (e.IsTransient)
            {
                // The lease ends by itself.
                LogMetrics.HeartbeatFailures.Add(1);
            }
        }
    }

    private async Task BeatAsync()
    {
        TimeSpan interval = _lease / 4 < LongestBeat ? _lease / 4 : LongestBeat;
        using PeriodicTimer timer = new(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                Beat();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The member leaves.
        }
    }

    private void Beat()
    {
        lock (_gate)
        {
            try
            {
                _catalogue.Transaction(Share);
                _lastBeat = Boot.Now;
                _failure = null;
            }
            catch (LogException e)
            {
                LogMetrics.HeartbeatFailures.Add(1);
                _failure = e;
            }
        }
    }

    private void Register()
    {
        SignLife();
        foreach (string topic in _topics)
        {
            using Statement insert = _catalogue.File.Prepare("insert or ignore into subscription(reader, topic) values(?1, ?2)");
            insert.Bind(1, _group).Bind(2, topic).Run();
        }

        // Topics that nobody in the group reads any more must not hold segments.
        HashSet<string> wanted = [.. _topics, .. LiveMembers().SelectMany(m => m.Topics)];
        foreach (string topic in Texts("select topic from subscription where reader=?1").Where(t => !wanted.Contains(t)))
        {
            using Statement delete = _catalogue.File.Prepare("delete from subscription where reader=?1 and topic=?2");
            delete.Bind(1, _group).Bind(2, topic).Run();
        }
    }

    private void SignLife()
    {
        using (Statement dead = _catalogue.File.Prepare("delete from member where reader=?1 and (boot<>?2 or expires<?3)"))
        {
            dead.Bind(1, _group).Bind(2, Boot.Id).Bind(3, Boot.Now).Run();
        }

        using Statement alive = _catalogue.File.Prepare("insert or replace into member(reader, id, topics, boot, expires) values(?1, ?2, ?3, ?4, ?5)");
        alive.Bind(1, _group).Bind(2, _member).Bind(3, string.Join(' ', _topics)).Bind(4, Boot.Id)
            .Bind(5, Boot.Now + (long)_lease.TotalMilliseconds).Run();
    }

    private void Share()
    {
        SignLife();
        List<(string Id, string[] Topics)> members = LiveMembers();
        Dictionary<TopicPartition, (string Member, long Epoch)> leases = Leases();
        foreach ((TopicPartition partition, long epoch) in _held.ToArray())
        {
            if (!leases.TryGetValue(partition, out (string Member, long Epoch) lease) || lease.Member != _member || lease.Epoch != epoch)
            {
                _held.Remove(partition);
                if (!_leaving.Remove(partition)) // else its loss was already announced
                {
                    _changes.Enqueue(new OwnershipChange(false, partition, epoch));
                }
            }
        }

        for (int i = 0; i < _known.Length; i++)
        {
            TopicPartition partition = _known[i];
            string[] readers = [.. members.Where(m => m.Topics.Contains(partition.Topic)).Select(m => m.Id)];
            bool mine = readers.Length > 0 && readers[i % readers.Length] == _member;
            if (_held.TryGetValue(partition, out long held))
            {
                if (!mine && _leaving.Add(partition))
                {
                    _changes.Enqueue(new OwnershipChange(false, partition, held));
                }
            }
            else if (mine)
            {
                leases.TryGetValue(partition, out (string Member, long Epoch) lease);
                if (lease.Member == _member || !members.Any(m => m.Id == lease.Member))
                {
                    Take(partition, lease.Epoch + 1);
                }
            }
        }
    }

    private void Take(TopicPartition partition, long epoch)
    {
        using Statement take = _catalogue.File.Prepare("insert or replace into lease(reader, topic, partition, member, epoch) values(?1, ?2, ?3, ?4, ?5)");
        take.Bind(1, _group).Bind(2, partition.Topic).Bind(3, partition.Partition).Bind(4, _member).Bind(5, epoch).Run();
        _held[partition] = epoch;
        _changes.Enqueue(new OwnershipChange(true, partition, epoch));
    }

    private void LetGo(TopicPartition partition, long epoch)
    {
        using Statement free = _catalogue.File.Prepare("update lease set member='' where reader=?1 and topic=?2 and partition=?3 and member=?4 and epoch=?5");
        free.Bind(1, _group).Bind(2, partition.Topic).Bind(3, partition.Partition).Bind(4, _member).Bind(5, epoch).Run();
    }

    private List<(string Id, string[] Topics)> LiveMembers()
    {
        using Statement query = _catalogue.File.Prepare("select id, topics from member where reader=?1 order by id");
        query.Bind(1, _group);
        List<(string, string[])> members = [];
        while (query.Step())
        {
            members.Add((query.Text(0), query.Text(1).Split(' ')));
        }

        return members;
    }

    private Dictionary<TopicPartition, (string Member, long Epoch)> Leases()
    {
        using Statement query = _catalogue.File.Prepare("select topic, partition, member, epoch from lease where reader=?1");
        query.Bind(1, _group);
        Dictionary<TopicPartition, (string, long)> leases = [];
        while (query.Step())
        {
            leases.Add(new TopicPartition(query.Text(0), (int)query.Long(1)), (query.Text(2), query.Long(3)));
        }

        return leases;
    }

    private List<string> Texts(string sql)
    {
        using Statement query = _catalogue.File.Prepare(sql);
        query.Bind(1, _group);
        List<string> texts = [];
        while (query.Step())
        {
            texts.Add(query.Text(0));
        }

        return texts;
    }

    private void Run(string sql)
    {
        using Statement statement = _catalogue.File.Prepare(sql);
        statement.Bind(1, _group).Bind(2, _member).Run();
    }
}
