namespace ECapture.Capture.Bpf;

/// <summary>A traffic control program on one direction of one interface. Disposing detaches it and leaves everybody else's as it was.</summary>
public interface ITrafficLink : IDisposable;
