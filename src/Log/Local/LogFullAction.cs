namespace ECapture.Log.Local;

/// <summary>What a full local log does with an append.</summary>
public enum LogFullAction
{
    /// <summary>
    /// Refuses it with a transient <see cref="LogException"/>: what was appended is never lost, the beginning of an incident stays.
    /// </summary>
    Refuse,

    /// <summary>Drops the oldest segment, read or not, and reports it by <see cref="LocalLogWriter.TakeDropped"/>.</summary>
    DropOldest,
}
