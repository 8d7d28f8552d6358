using ECapture.Log.Kafka;
using ECapture.Log.Local;

namespace ECapture.Log;

/// <summary>Opens logs for reading without a group.</summary>
public static class LogReaders
{
    /// <summary>Opens a log.</summary>
    /// <exception cref="LogException">It cannot be read; says whether a retry may help.</exception>
    public static async Task<ILogReader> OpenAsync(LogAddress address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.Kind == LogKind.Kafka
            ? await KafkaLogReader.OpenAsync(address, cancellationToken)
            : new LocalLogReader(address.Directory);
    }
}
