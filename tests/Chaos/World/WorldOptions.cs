namespace ECapture.Tests.Chaos.World;

/// <summary>What a round is made of.</summary>
/// <param name="Seed">Of everything.</param>
/// <param name="Folder">Where its files are.</param>
/// <param name="IsFleet">True: two agents, Kafka, ClickHouse and PostgreSQL with two sinks each. False: one machine: a local log, the in-process engine and PostgreSQL.</param>
/// <param name="IsReal">Beside the feeders an agent with probes.</param>
/// <param name="Rate">Events per second of an agent.</param>
/// <param name="HasPoison">Somebody else writes records that are no events.</param>
internal sealed record WorldOptions(int Seed, string Folder, bool IsFleet, bool IsReal, int Rate, bool HasPoison);
