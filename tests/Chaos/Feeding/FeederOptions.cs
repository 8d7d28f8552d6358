namespace ECapture.Tests.Chaos.Feeding;

/// <summary>What a <see cref="Feeder"/> does.</summary>
/// <param name="Directory">The local log.</param>
/// <param name="Host">Name of the host in the events.</param>
/// <param name="Rate">Events per second.</param>
/// <param name="Seed">Of sizes and topics.</param>
/// <param name="Behind">How far its wall clock is behind.</param>
/// <param name="Kafka">Where it forwards to, or null.</param>
internal sealed record FeederOptions(string Directory, string Host, int Rate, int Seed, TimeSpan Behind, string? Kafka);
