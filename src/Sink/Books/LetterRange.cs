using ECapture.Sink.Delivery;

namespace ECapture.Sink.Books;

/// <summary>The dead letters of a partition of a log.</summary>
/// <param name="Partition">Whose.</param>
/// <param name="First">Offset of the first.</param>
/// <param name="Last">Offset of the last.</param>
/// <param name="FirstToStay">Offset of the first that must stay; above all others when none must.</param>
internal readonly record struct LetterRange(PartitionId Partition, long First, long Last, long FirstToStay)
{
    /// <summary>Offset behind those that may go: the first that stays keeps all behind it, so that one offset says what has gone.</summary>
    /// <param name="accounted">Offset behind the last whole batch: the letters of one that is not whole may still come.</param>
    public long End(long accounted) => Math.Min(Math.Min(FirstToStay, Last + 1), accounted);
}
