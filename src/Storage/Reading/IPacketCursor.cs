namespace ECapture.Storage.Reading;

/// <summary>
/// Packets in the order of their times, one at a time, at flat memory. What spans refer to holds until the next
/// <see cref="ReadAsync"/>.
/// </summary>
public interface IPacketCursor : IAsyncDisposable
{
    /// <summary>Host.</summary>
    ReadOnlySpan<byte> Host { get; }

    /// <summary>Network namespace.</summary>
    uint NetworkNamespace { get; }

    /// <summary>Flow id.</summary>
    ulong Flow { get; }

    /// <summary>Nanoseconds of the Unix epoch.</summary>
    long Time { get; }

    /// <summary>Interface name.</summary>
    ReadOnlySpan<byte> Interface { get; }

    /// <summary>LINKTYPE_ of the interface where the rows say it, which then <see cref="IEventStoreReader.InterfacesAsync"/> does not; else 0.</summary>
    ushort LinkType { get; }

    /// <summary><c>Direction</c> of the contract.</summary>
    byte Direction { get; }

    /// <summary>Length on the wire.</summary>
    uint OriginalLength { get; }

    /// <summary>Process id, 0 when the agent did not know it.</summary>
    uint Pid { get; }

    /// <summary>Process name, empty when the agent did not know it.</summary>
    ReadOnlySpan<byte> Process { get; }

    /// <summary>Port of this host's end.</summary>
    ushort LocalPort { get; }

    /// <summary>The frame.</summary>
    ReadOnlySpan<byte> Data { get; }

    /// <summary>Goes to the next packet.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="StoreException">The store failed.</exception>
    ValueTask<bool> ReadAsync(CancellationToken cancellationToken);
}
