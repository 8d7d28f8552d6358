using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ECapture.Events;

namespace ECapture.Log.Kafka;

/// <summary>What is asked of a cluster beside its records: its id, its topics.</summary>
internal sealed class KafkaCluster : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(500);

    private readonly LogAddress _address;
    private readonly IAdminClient _admin;
    private readonly Func<string?> _lastError;

    /// <param name="address">For options and messages.</param>
    /// <param name="handle">The client whose connections are shared.</param>
    /// <param name="lastError">What the client complained of last.</param>
    public KafkaCluster(LogAddress address, Handle handle, Func<string?> lastError)
    {
        _address = address;
        _admin = new DependentAdminClientBuilder(handle).Build();
        _lastError = lastError;
    }

    /// <summary>
    /// The cluster id; <c>log.id</c> of the address comes before it. Brokers before 0.10 have none: there it is
    /// <c>kafka:</c> and the sorted brokers of the address.
    /// </summary>
    /// <exception cref="LogException">No broker answers (transient), or it refuses.</exception>
    public async Task<string> IdAsync(CancellationToken cancellationToken)
    {
        if (_address.Options.TryGetValue(KafkaSettings.LogId, out string? given))
        {
            return given;
        }

        string fallback = "kafka:" + string.Join(',', _address.Brokers.Order(StringComparer.Ordinal)).ToLowerInvariant();
        await MetadataAsync(null, cancellationToken); // the clear error when nobody answers
        if (!KafkaSettings.IsModern(_address))
        {
            return fallback;
        }

        try
        {
            DescribeClusterResult cluster = await _admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = Patience })
                .WaitAsync(cancellationToken);
            return string.IsNullOrEmpty(cluster.ClusterId) ? fallback : cluster.ClusterId;
        }
        catch (KafkaException e) when (e.Error.Code is ErrorCode.Local_UnsupportedFeature or ErrorCode.UnsupportedVersion)
        {
            return fallback;
        }
        catch (KafkaException e)
        {
            throw KafkaErrors.Convert(_address, "asking for the cluster id", e.Error, _lastError());
        }
    }

    /// <summary>How many partitions a topic has; makes the topic where it is missing.</summary>
    /// <param name="topic">Short name.</param>
    /// <param name="limit">How long a topic may take to appear.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LogException">No broker answers (transient), or the topic is missing and may not be made.</exception>
    public async Task<int> PartitionsAsync(string topic, TimeSpan limit, CancellationToken cancellationToken)
    {
        string name = Topics.KafkaName(topic);
        bool asked = false;
        Error? last = null;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(limit);
        while (!patience.IsCancellationRequested)
        {
            // Brokers before 0.10 make a missing topic when they are asked about it, if they are allowed to.
            Metadata metadata = await MetadataAsync(name, cancellationToken);
            TopicMetadata? found = metadata.Topics.Find(t => t.Topic == name);
            if (found is { Error.IsError: false, Partitions.Count: > 0 })
            {
                return found.Partitions.Count;
            }

            last = found?.Error;
            if (last?.Code is ErrorCode.TopicAuthorizationFailed)
            {
                throw KafkaErrors.Convert(_address, $"looking at topic {name}", last);
            }

            if (!asked && KafkaSettings.IsModern(_address) && last?.Code is not ErrorCode.LeaderNotAvailable)
            {
                await MakeAsync(name, limit);
                asked = true;
            }

            try
            {
                await Task.Delay(100, patience.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                break;
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        throw new LogException(
            $"Kafka at {string.Join(',', _address.Brokers)} has no topic {name} and did not make it within {limit.TotalSeconds:0} s ({last?.Reason ?? "no error given"}): make it by hand, or allow auto.create.topics.enable",
            isTransient: true);
    }

    public void Dispose() => _admin.Dispose();

    private async Task MakeAsync(string name, TimeSpan limit)
    {
        TopicSpecification wanted = new()
        {
            Name = name,
            NumPartitions = KafkaSettings.Number(_address, KafkaSettings.TopicPartitions),
            ReplicationFactor = (short)KafkaSettings.Number(_address, KafkaSettings.TopicReplication),
        };
        try
        {
            await _admin.CreateTopicsAsync([wanted], new CreateTopicsOptions { RequestTimeout = limit, OperationTimeout = limit });
        }
        catch (CreateTopicsException e) when (e.Results.TrueForAll(r => r.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            // Somebody else made it meanwhile.
        }
        catch (CreateTopicsException e)
        {
            Error error = e.Results[0].Error;
            throw KafkaErrors.Convert(_address, $"making topic {name}", error);
        }
        catch (KafkaException e) when (e.Error.Code is ErrorCode.Local_UnsupportedFeature or ErrorCode.Local_TimedOut)
        {
            // Brokers before 0.10.1 make it when a record is sent; the caller goes on asking.
        }
    }

    // In slices, so that it can be cancelled: the call itself cannot.
    internal async Task<Metadata> MetadataAsync(string? name, CancellationToken cancellationToken)
    {
        long started = Environment.TickCount64;
        while (true)
        {
            try
            {
                return await Task.Run(() => name is null ? _admin.GetMetadata(Slice) : _admin.GetMetadata(name, Slice), cancellationToken);
            }
            catch (KafkaException e) when (e.Error.Code is ErrorCode.Local_Transport or ErrorCode.Local_TimedOut or ErrorCode.Local_AllBrokersDown)
            {
                if (Environment.TickCount64 - started > Patience.TotalMilliseconds)
                {
                    throw KafkaErrors.Unreachable(_address, Patience, _lastError());
                }
            }
            catch (KafkaException e)
            {
                throw KafkaErrors.Convert(_address, "asking for metadata", e.Error, _lastError());
            }

            await Task.Delay(50, cancellationToken);
        }
    }
}
