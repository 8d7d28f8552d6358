using System.Net.Sockets;
using Npgsql;

namespace ECapture.Storage.Postgres;

/// <summary>Npgsql's exceptions as <see cref="StoreException"/>s.</summary>
public static class PostgresErrors
{
    /// <summary>True for what <see cref="Translate"/> understands.</summary>
    public static bool Is(Exception e) => e is NpgsqlException or SocketException or TimeoutException or IOException || IsBrokenConnection(e);

    /// <summary>What happened, to what, why probably, what to do next.</summary>
    /// <param name="e">One that <see cref="Is"/> accepts.</param>
    /// <param name="address">The store.</param>
    /// <param name="doing">What was going on, as in "writing table tls".</param>
    public static StoreException Translate(Exception e, StoreAddress address, string doing)
    {
        ArgumentNullException.ThrowIfNull(e);
        ArgumentNullException.ThrowIfNull(address);
        if (e is PostgresException server)
        {
            return server.SqlState switch
            {
                "28P01" or "28000" => new StoreException(
                    $"{address} refused user '{address.User}': {server.MessageText}; set {StoreAddress.PasswordVariable} or ?password-file= and check pg_hba.conf",
                    isTransient: false, e),
                "3D000" => new StoreException(
                    $"{address}: there is no database '{address.Database}'; make it with: createdb {address.Database}", isTransient: false, e),
                "42501" => new StoreException($"{address}: user '{address.User}' lacks a right while {doing}: {server.MessageText}", isTransient: false, e),
                _ => new StoreException($"{address}: {doing} failed: {server.SqlState} {server.MessageText}", IsTransient(server), e) { IsRowFault = IsRowFault(server) },
            };
        }

        string reason = e.InnerException is SocketException or IOException or TimeoutException ? e.InnerException.Message : e.Message;
        // "No password has been provided" and the like are the client's own refusals: waiting does not help.
        bool isTransient = e is not NpgsqlException || e.InnerException is not null || ((NpgsqlException)e).IsTransient;
        return new StoreException(
            isTransient ? $"{address} cannot be reached while {doing}: {reason}; is the server running there?"
                : $"{address}: {doing} failed: {reason}; set {StoreAddress.PasswordVariable} or ?password-file= if the server asks for a password",
            isTransient, e);
    }

    /// <summary>True for errors of a row: bad values (22), constraints (23), limits of a value or an index entry (54), a trigger that raises (P0001).</summary>
    public static bool IsRowFault(PostgresException e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return e.SqlState.StartsWith("22", StringComparison.Ordinal) || e.SqlState.StartsWith("23", StringComparison.Ordinal)
            || e.SqlState.StartsWith("54", StringComparison.Ordinal) || e.SqlState == PostgresErrorCodes.RaiseException;
    }

    // A connection that is reset while Npgsql waits in it: it has thrown its own event away, and says that instead of what happened.
    private static bool IsBrokenConnection(Exception e) => e is ObjectDisposedException { ObjectName: "System.Threading.ManualResetEventSlim" };

    // Besides Npgsql's own list: a server that is being stopped, killed or that recovers (57P0x), lost in a race (40xxx), or full (53xxx); and an
    // internal error that ended the session: a new one cannot write its cache file when the disk is full, and says so without a code of its own.
    private static bool IsTransient(PostgresException e) =>
        e.IsTransient || e.SqlState.StartsWith("57P0", StringComparison.Ordinal) || e.SqlState.StartsWith("40", StringComparison.Ordinal)
        || e.SqlState.StartsWith("53", StringComparison.Ordinal) || e.SqlState.StartsWith("08", StringComparison.Ordinal)
        || (e.SqlState == PostgresErrorCodes.InternalError && e.InvariantSeverity is ("FATAL" or "PANIC"));
}
