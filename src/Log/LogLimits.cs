namespace ECapture.Log;

/// <summary>Limits that hold in every log, so that what one log took, the next one takes.</summary>
public static class LogLimits
{
    /// <summary>
    /// Bytes of key and value of one record together. Kafka brokers refuse more than 1,000,012 bytes with their framing unless
    /// they are configured otherwise.
    /// </summary>
    public const int MaxRecordBytes = 950_000;
}
