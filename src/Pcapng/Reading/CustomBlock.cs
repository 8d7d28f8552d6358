using System.Buffers.Binary;
using System.Text;

namespace ECapture.Pcapng;

/// <summary>Section "Custom Block". Its options follow data of a length that only its owner knows, so they are in the data.</summary>
/// <param name="Offset">Offset in bytes.</param>
/// <param name="Enterprise">Private enterprise number.</param>
/// <param name="Copyable">True when it may be copied to a new file.</param>
/// <param name="Data">Data, padding and options.</param>
public sealed record CustomBlock(long Offset, uint Enterprise, bool Copyable, ReadOnlyMemory<byte> Data)
    : PcapngBlock(Offset, PcapngOptions.None)
{
    /// <summary>Reads Wireshark's Process Information entry (enterprise 32622, entry type 3, always little-endian).</summary>
    /// <returns>False when it is another block or it is broken.</returns>
    public bool TryGetProcess(out PcapngProcess process)
    {
        process = default;
        ReadOnlySpan<byte> data = Data.Span;
        if (Enterprise != PcapngWriter.WiresharkEnterprise || data.Length < 12
            || BinaryPrimitives.ReadUInt32LittleEndian(data) != PcapngWriter.ProcessInformationEntry)
        {
            return false;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
        if (length < 4 || length > data.Length - 8)
        {
            return false;
        }

        ReadOnlyMemory<byte> options = Data.Slice(12, (int)length - 4);
        if (!OptionList.TryRead(options, bigEndian: false, out PcapngOptions? list, out _))
        {
            return false;
        }

        process = new PcapngProcess(
            BinaryPrimitives.ReadUInt32LittleEndian(data[8..]),
            list.Find(OptionCode.ProcessName) is { } name ? Encoding.UTF8.GetString(name.Span) : "",
            list.UInt32(OptionCode.ProcessUser),
            list.UInt64(OptionCode.ProcessStart));
        return true;
    }
}
