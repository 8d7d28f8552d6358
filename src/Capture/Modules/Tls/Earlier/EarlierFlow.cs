using ECapture.Capture.Publishing;
using ECapture.Protocols.Tls;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>A TCP connection that was there when the agent came. For the capture thread.</summary>
/// <param name="header">Its process and its addresses.</param>
internal sealed class EarlierFlow(EventHeader header)
{
    private const ulong Second = 1_000_000_000;
    private const ulong LongestPause = 60 * Second;
    private const int MostSegments = 256;

    private int _segments;
    private int _attempts;
    private int _basis;
    private ulong _due;

    /// <summary>Its process and its addresses.</summary>
    internal EventHeader Header { get; } = header;

    /// <summary>What the process sent; null: nothing yet.</summary>
    internal RecordWalk? Sent { get; private set; }

    /// <summary>What it received; null: nothing yet.</summary>
    internal RecordWalk? Received { get; private set; }

    /// <summary>The object that surely is the connection's; null: not known.</summary>
    internal ObjectUse? Owner { get; set; }

    /// <summary>What was proved of one direction; null: nothing yet.</summary>
    internal ProvedSecret? Proved { get; set; }

    /// <summary>Secrets of it are being tried now.</summary>
    internal bool IsTried { get; set; }

    /// <summary>Plaintext of it was captured.</summary>
    internal bool HasPlaintext { get; set; }

    /// <summary>It was said that it cannot be decrypted.</summary>
    internal bool IsSaid { get; set; }

    /// <summary>CLOCK_BOOTTIME of the first TLS record, nanoseconds; 0: none yet.</summary>
    internal ulong FirstRecordNs { get; private set; }

    /// <summary>How often it was tried since there was something new to try with.</summary>
    internal int Attempts => _attempts;

    /// <summary>True when a record is there whose secret is not proved.</summary>
    internal bool HasSample => (Proved?.IsSent != true && RecordSample.IsIn(Sent)) || (Proved?.IsSent != false && RecordSample.IsIn(Received));

    /// <summary>True when it has said so much without a TLS record that it is none.</summary>
    internal bool IsOther => FirstRecordNs == 0 && _segments > MostSegments;

    /// <summary>Takes a segment.</summary>
    internal void Feed(bool isSent, uint sequence, ReadOnlySpan<byte> payload, ulong bootNs)
    {
        RecordWalk walk = isSent ? Sent ??= new RecordWalk() : Received ??= new RecordWalk();
        walk.Feed(sequence, payload);
        _segments++;
        if (FirstRecordNs == 0 && walk.IsStarted)
        {
            FirstRecordNs = bootNs;
        }
    }

    /// <summary>The newest record of a direction whose secret is not proved yet; null: none.</summary>
    internal RecordSample? Sample(bool isSent) => Proved?.IsSent == isSent ? null : RecordSample.Of(isSent ? Sent : Received, isSent);

    /// <summary>True when it is time to try; rarer and rarer while nothing that matters has changed.</summary>
    /// <param name="bootNs">CLOCK_BOOTTIME now.</param>
    /// <param name="basis">Changes when there is more to try with.</param>
    internal bool IsDue(ulong bootNs, int basis)
    {
        if (basis != _basis)
        {
            _basis = basis;
            _attempts = 0;
            _due = bootNs;
        }

        if (bootNs < _due)
        {
            return false;
        }

        _due = bootNs + Math.Min(LongestPause, (Second / 4) << Math.Min(_attempts++, 10));
        return true;
    }
}
