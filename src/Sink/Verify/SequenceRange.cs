using System.Globalization;

namespace ECapture.Sink.Verify;

/// <summary>Sequences from first to last, both included.</summary>
internal readonly record struct SequenceRange(ulong First, ulong Last)
{
    public ulong Count => Last - First + 1;

    public override string ToString() => First == Last
        ? First.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{First}..{Last}");
}
