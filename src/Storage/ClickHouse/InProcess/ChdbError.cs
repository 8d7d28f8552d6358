namespace ECapture.Storage.ClickHouse.InProcess;

/// <summary>The engine's own message; <see cref="ChdbClickHouse"/> makes a <see cref="StoreException"/> of it.</summary>
internal sealed class ChdbError(string message) : Exception(message);
