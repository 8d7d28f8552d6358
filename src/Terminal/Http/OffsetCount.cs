using ECapture.Events.V1;

namespace ECapture.Terminal.Http;

/// <summary>Where pieces of one direction belong, counted from its first byte, also where agents counted that came in one after the other.</summary>
internal sealed class OffsetCount
{
    private long _next;
    private long _shift;
    private bool _isNew;

    /// <summary>The next piece follows the last one, whatever its own count says.</summary>
    internal void CountAnew() => _isNew = true;

    /// <summary>The place of a piece.</summary>
    internal long Place(Event piece)
    {
        long offset = (long)Math.Min(piece.TlsData.Offset, long.MaxValue / 4);
        if (_isNew)
        {
            _isNew = false;
            _shift = _next - offset;
        }

        offset = Math.Max(0, offset + _shift);
        _next = offset + (long)Math.Min(Math.Max((ulong)piece.TlsData.Data.Length, piece.Truncation?.Length ?? 0), uint.MaxValue);
        return offset;
    }
}
