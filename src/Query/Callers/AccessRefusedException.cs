namespace ECapture.Query.Callers;

/// <summary>The caller may not have what he asks for. The message says what he would need.</summary>
internal sealed class AccessRefusedException(string message) : Exception(message);
