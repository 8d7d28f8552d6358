using Confluent.Kafka;

namespace ECapture.Log.Kafka;

/// <summary>Turns librdkafka's errors into one line for the user.</summary>
internal static class KafkaErrors
{
    public static LogException Convert(LogAddress address, string what, Error error, string? lastError = null) =>
        new($"Kafka at {string.Join(',', address.Brokers)}: {what} failed: {error.Reason}{Because(lastError)}{Advice(error)}", IsTransient(error));

    public static LogException Unreachable(LogAddress address, TimeSpan waited, string? lastError) =>
        new($"no Kafka broker of {string.Join(',', address.Brokers)} answered within {waited.TotalSeconds:0} s{Because(lastError)}: is it running, is the address right?",
            isTransient: true);

    /// <summary>The error for a configuration that librdkafka refuses.</summary>
    public static LogException Configuration(LogAddress address, Exception e) =>
        new($"librdkafka refuses an option of the log address ({string.Join('&', address.Options.Select(o => $"{o.Key}={o.Value}"))}): {e.Message}", isTransient: false, e);

    /// <summary>
    /// What a log line of the client says went wrong; null for lines that are no errors. Some errors (a refused connection while nobody
    /// polls) come only this way.
    /// </summary>
    public static string? Reason(LogMessage message)
    {
        if (message.Level > SyslogLevel.Error)
        {
            return null;
        }

        int thread = message.Message.IndexOf("]: ", StringComparison.Ordinal); // "[thrd:NAME]: …"
        return thread < 0 ? message.Message : message.Message[(thread + 3)..];
    }

    private static bool IsTransient(Error error) =>
        error.IsFatal
        || error.Code is not (ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.GroupAuthorizationFailed
            or ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Authentication or ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge
            or ErrorCode.InvalidMsg or ErrorCode.TopicException or ErrorCode.InvalidConfig or ErrorCode.PolicyViolation
            or ErrorCode.InvalidSessionTimeout or ErrorCode.Local_UnsupportedFeature or ErrorCode.UnsupportedVersion);

    private static string Because(string? lastError) => lastError is null ? "" : $" ({lastError})";

    private static string Advice(Error error) => error.Code switch
    {
        ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed =>
            ": ask for the right on the broker, or name another user",
        ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Authentication =>
            $": check sasl.username and {LogAddress.PasswordVariable}",
        ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge => ": raise the topic's max.message.bytes to at least 1000012",
        _ => "",
    };
}
