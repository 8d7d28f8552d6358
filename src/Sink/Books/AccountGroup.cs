using ECapture.Sink.Delivery;

namespace ECapture.Sink.Books;

/// <summary>Batches of one partition that follow each other, whose accounts are added up.</summary>
/// <param name="Partition">Whose.</param>
/// <param name="From">First offset of the first.</param>
/// <param name="To">Offset behind the last.</param>
/// <param name="Batches">How many; 0: they were added up before, and some of their own rows were left.</param>
internal readonly record struct AccountGroup(PartitionId Partition, long From, long To, int Batches);
