using System.Diagnostics;
using System.Globalization;
using ECapture.Storage.ClickHouse;

namespace ECapture.Storage.Partitions;

/// <summary>
/// A row of <c>lease</c> that says until when; it is renewed beside the holder's work. The engine's clock decides. Who finds no valid row adds the next version
/// under the version's token: the condition is checked by the engine, the token decides between two that passed it at the same time, and the winner is read back.
/// </summary>
internal sealed class ClickHouseLease : IStoreLease
{
    private static readonly TimeSpan s_length = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_renewal = TimeSpan.FromSeconds(8);
    private static readonly Dictionary<string, string> NoParameters = [];

    private readonly IClickHouse _engine;
    private readonly string _name;
    private readonly Guid _holder;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewal;
    private long _version;
    private long _renewedAt;
    private bool _isLost;

    private ClickHouseLease(IClickHouse engine, string name, Guid holder, long version, long takenAt)
    {
        _engine = engine;
        _name = name;
        _holder = holder;
        _version = version;
        _renewedAt = takenAt;
        _renewal = RenewAsync();
    }

    public static async Task<ClickHouseLease?> TryTakeAsync(IClickHouse engine, string name, CancellationToken cancellationToken)
    {
        Guid holder = Guid.NewGuid();
        long now = Stopwatch.GetTimestamp();
        (long version, _, bool isValid) = await LastAsync(engine, name, cancellationToken).ConfigureAwait(false);
        return !isValid && await TryAddAsync(engine, name, version, holder, s_length, cancellationToken).ConfigureAwait(false)
            ? new ClickHouseLease(engine, name, holder, version + 1, now)
            : null;
    }

    public async Task RequireAsync(CancellationToken cancellationToken)
    {
        if (_isLost || Stopwatch.GetElapsedTime(Interlocked.Read(ref _renewedAt)) > s_length - s_renewal)
        {
            await ExtendAsync(s_length, cancellationToken).ConfigureAwait(false);
        }

        if (_isLost)
        {
            throw new StoreException($"{_engine.Address}: the lease for retention went to another process in the meantime", isTransient: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _renewal.ConfigureAwait(false);
        try
        {
            if (!_isLost)
            {
                await ExtendAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (StoreException)
        {
            // It ends by itself.
        }

        _gate.Dispose();
        _stop.Dispose();
    }

    private async Task RenewAsync()
    {
        using PeriodicTimer timer = new(s_renewal);
        try
        {
            while (!_isLost && await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                try
                {
                    await ExtendAsync(s_length, _stop.Token).ConfigureAwait(false);
                }
                catch (StoreException e) when (e.IsTransient)
                {
                    // The next tick tries again; RequireAsync sees how old it is.
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or StoreException)
        {
            // It is given back, or the engine refuses for good, which whoever uses the lease hears, too.
        }
    }

    private async Task ExtendAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            long now = Stopwatch.GetTimestamp();
            if (await TryAddAsync(_engine, _name, _version, _holder, length, cancellationToken).ConfigureAwait(false))
            {
                _version++;
                Interlocked.Exchange(ref _renewedAt, now);
            }
            else
            {
                (long version, Guid holder, _) = await LastAsync(_engine, _name, cancellationToken).ConfigureAwait(false);
                _isLost = holder != _holder; // else an earlier call went through although it had failed
                _version = version;
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private static async Task<bool> TryAddAsync(
        IClickHouse engine, string name, long version, Guid holder, TimeSpan length, CancellationToken cancellationToken)
    {
        string quoted = ClickHouseText.QuoteString(name);
        string sql = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            INSERT INTO lease (name, version, holder, until)
            SETTINGS async_insert = 0, max_threads = 1, insert_deduplicate = 1, insert_deduplication_token = 'lease/{name}/{version + 1}'
            SELECT {quoted}, {version + 1}, toUUID('{holder:D}'), now64(3) + toIntervalMillisecond({(long)length.TotalMilliseconds})
            WHERE NOT EXISTS (SELECT 1 FROM lease WHERE name = {quoted} AND version > {version})
            """);
        await engine.ExecuteAsync(sql, cancellationToken).ConfigureAwait(false);
        (long last, Guid who, _) = await LastAsync(engine, name, cancellationToken).ConfigureAwait(false);
        return last == version + 1 && who == holder;
    }

    private static async Task<(long Version, Guid Holder, bool IsValid)> LastAsync(IClickHouse engine, string name, CancellationToken cancellationToken)
    {
        List<string[]> rows = await ClickHouseRows.ReadAsync(
            engine,
            $"SELECT version, holder, until > now64(3) FROM lease WHERE name = {ClickHouseText.QuoteString(name)} ORDER BY version DESC LIMIT 1",
            NoParameters, cancellationToken).ConfigureAwait(false);
        return rows is [[var version, var holder, var isValid]]
            ? (long.Parse(version, CultureInfo.InvariantCulture), Guid.Parse(holder), isValid == "1")
            : (0, Guid.Empty, false);
    }
}
