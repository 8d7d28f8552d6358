using ECapture.Protocols.Tls;

namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>A captured record by which secrets are proved.</summary>
/// <param name="IsSent">The process sent it.</param>
/// <param name="Record">Its bytes with the header.</param>
/// <param name="Index">Records of its direction between <paramref name="Start"/> and it.</param>
/// <param name="Start">TCP sequence number where the walk through the records of its direction began.</param>
/// <param name="Walk">That walk, which goes on.</param>
internal sealed record RecordSample(bool IsSent, byte[] Record, ulong Index, uint Start, RecordWalk Walk)
{
    /// <summary>True when a walk has a record to take.</summary>
    internal static bool IsIn(RecordWalk? walk) => walk is { IsStarted: true, Sample.IsEmpty: false };

    /// <summary>Takes the newest record of a walk; null: there is none.</summary>
    internal static RecordSample? Of(RecordWalk? walk, bool isSent) =>
        walk is not null && IsIn(walk) ? new RecordSample(isSent, walk.Sample.ToArray(), walk.SampleIndex, walk.Start, walk) : null;

    /// <summary>Records that came after it until now.</summary>
    internal ulong Later => Walk.Count is ulong count && count > Index ? count - Index : 1;
}
