using System.Buffers;

namespace ECapture.Storage.ClickHouse;

/// <summary>
/// A ClickHouse engine, over HTTP or in process: the same statements with the same meaning.
/// Calls may be made from several threads.
/// </summary>
public interface IClickHouse : IAsyncDisposable
{
    /// <summary>The address as the user gave it, without its password.</summary>
    string Address { get; }

    /// <summary>
    /// The same engine for somebody who must not wait for others: where statements are limited, it has a limit of its own. It ends with this one.
    /// </summary>
    IClickHouse Reserve() => this;

    /// <summary>Runs a statement that gives no rows.</summary>
    /// <exception cref="StoreException">The engine refused it or cannot be reached.</exception>
    Task ExecuteAsync(string sql, CancellationToken cancellationToken);

    /// <summary>Inserts one body of Native blocks.</summary>
    /// <param name="sql"><c>INSERT INTO t (columns)</c> without FORMAT; settings may follow as <c>SETTINGS a = b</c>.</param>
    /// <param name="native">Blocks in Native format; read until the call returns.</param>
    /// <param name="cancellationToken">Ends the wait; the insert may still take place.</param>
    /// <exception cref="StoreException">The engine refused it or cannot be reached.</exception>
    Task InsertAsync(string sql, ReadOnlySequence<byte> native, CancellationToken cancellationToken);

    /// <summary>
    /// Runs a SELECT and streams its result.
    /// </summary>
    /// <param name="sql">Without FORMAT; values only as parameters, <c>{name:Type}</c>.</param>
    /// <param name="parameters">Values in ClickHouse's text form, not escaped.</param>
    /// <param name="format">Name of the output format, for example <c>RowBinary</c> or <c>Native</c>.</param>
    /// <param name="cancellationToken">Cancels the query in the engine, too.</param>
    /// <returns>The body, read as it arrives at flat memory. The caller disposes it.</returns>
    /// <exception cref="StoreException">The engine refused it or cannot be reached.</exception>
    Task<Stream> QueryAsync(
        string sql, IReadOnlyDictionary<string, string> parameters, string format, CancellationToken cancellationToken);
}
