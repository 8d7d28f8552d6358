namespace ECapture.Tests.Support.Tls;

/// <summary>A line of the access log.</summary>
public sealed record NginxRequest(string Address, int Port, string Protocol, string Marker, string Path);
