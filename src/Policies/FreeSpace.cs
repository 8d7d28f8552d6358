using System.Globalization;

namespace ECapture.Policies;

/// <summary>Space of a volume that stays free, as a share of the volume or in bytes.</summary>
/// <param name="Percent">Share of the volume, 1 to 90; null when it is given in bytes.</param>
/// <param name="Bytes">Bytes; 0 when it is a share.</param>
public readonly record struct FreeSpace(int? Percent, long Bytes)
{
    /// <summary>What that is on a volume.</summary>
    /// <param name="volume">Bytes of the whole volume.</param>
    public long Of(long volume) => Percent is { } percent ? (long)((Int128)volume * percent / 100) : Bytes;

    /// <inheritdoc/>
    public override string ToString() =>
        Percent is { } percent ? percent.ToString(CultureInfo.InvariantCulture) + "%" : Units.SizeText(Bytes);
}
