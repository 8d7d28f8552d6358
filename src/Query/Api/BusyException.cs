namespace ECapture.Query.Api;

/// <summary>The service has enough to do. The message says what to wait for.</summary>
internal sealed class BusyException(string message) : Exception(message);
