using ECapture.Storage.Reading.Sql;

namespace ECapture.Storage.Reading.Reads;

/// <summary>Packets straight from the rows, where the store's times are whole.</summary>
internal sealed class PacketCursor(IRowReader rows) : IPacketCursor
{
    public ReadOnlySpan<byte> Host => rows.Bytes(PacketColumns.Host);

    public uint NetworkNamespace => (uint)rows.Number(PacketColumns.NetworkNamespace);

    public ulong Flow => rows.Number(PacketColumns.Flow);

    public long Time => rows.Time(PacketColumns.Time);

    public ReadOnlySpan<byte> Interface => rows.Bytes(PacketColumns.Interface);

    public ushort LinkType => 0;

    public byte Direction => (byte)rows.Number(PacketColumns.Direction);

    public uint OriginalLength => (uint)rows.Number(PacketColumns.OriginalLength);

    public uint Pid => (uint)rows.Number(PacketColumns.Pid);

    public ReadOnlySpan<byte> Process => rows.Bytes(PacketColumns.Process);

    public ushort LocalPort => (ushort)rows.Number(PacketColumns.LocalPort);

    public ReadOnlySpan<byte> Data => rows.Bytes(PacketColumns.Data);

    public ValueTask<bool> ReadAsync(CancellationToken cancellationToken) => rows.ReadAsync(cancellationToken);

    public ValueTask DisposeAsync() => rows.DisposeAsync();
}
